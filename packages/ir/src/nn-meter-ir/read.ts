import { NnMeterError, quote } from '../errors.ts';
import type { ReadOptions } from '../frontend.ts';
import { createGraph, type Graph } from '../graph.ts';
import type { Node } from '../node.ts';
import type { Layout, Shape, Tensor, TensorKind } from '../tensor.ts';
import type { NodeContext } from './attributes.ts';
import type { NnMeterIrNode, RawShape } from './format.ts';
import { interpret } from './interpret.ts';
import { nodeRole, type Role } from './op-names.ts';
import { parseNnMeterIr } from './parse.ts';
import { SlotAssignment } from './slots.ts';
import { weightTensor } from './weights.ts';

/**
 * Reads a network in nn-Meter IR: parsed JSON, text or bytes. Op names may be TensorFlow's, ONNX's or nn-Meter's own.
 * Constants and identities become tensors; weights become constant tensors `<node>/weight` of the noted or derived
 * shape; a batch noted as unknown is 1.
 * @throws NnMeterError E_INVALID_INPUT (naming node and field), E_INVALID_GRAPH (a cycle), E_SHAPE.
 */
export function readNnMeterIr(json: unknown, options: ReadOptions = {}): Graph {
  return new Reader(new Map(Object.entries(parseNnMeterIr(json)))).read(options);
}

/** An operand before names are resolved: what a node reads, or the shape of a constant that has no node. */
interface Operand {
  readonly producer?: string;
  readonly shape: Shape | undefined;
  /** Position of the producer in `inbounds`. */
  readonly edge: number;
}

class Reader {
  readonly #raw: ReadonlyMap<string, NnMeterIrNode>;
  readonly #roles = new Map<string, Role>();
  readonly #tensors = new Map<string, Tensor>();
  readonly #nodes: Node[] = [];
  readonly #inputs: string[] = [];
  readonly #warnings: string[] = [];
  readonly #slots: SlotAssignment;
  readonly #aliases = new Map<string, string>();
  readonly #dropped: string[] = [];
  #unknownBatch = 0;

  constructor(raw: ReadonlyMap<string, NnMeterIrNode>) {
    this.#raw = raw;
    this.#slots = new SlotAssignment(raw);
  }

  read(options: ReadOptions): Graph {
    for (const [name, node] of this.#raw) this.#addSource(name, node);
    for (const [name, node] of this.#raw) {
      if (this.#role(node) === 'op') this.#addNode(name, node);
    }
    if (this.#dropped.length > 0) {
      this.#warnings.push(
        `${this.#dropped.length} inbounds name nodes that are not in the file (first: ${quote(this.#dropped[0]!)}); dropped`,
      );
    }
    if (this.#unknownBatch > 0) {
      this.#warnings.push(`${this.#unknownBatch} shapes have an unknown batch, taken as 1`);
    }
    const read = new Set(this.#nodes.flatMap((node) => node.inputs));
    return createGraph({
      name: options.name ?? 'nn-meter-ir',
      nodes: this.#nodes,
      tensors: this.#tensors.values(),
      inputs: this.#inputs,
      outputs: this.#nodes.flatMap((node) => node.outputs).filter((output) => !read.has(output)),
      metadata: { format: 'nnmeter-ir' },
      warnings: this.#warnings,
    });
  }

  #role(node: NnMeterIrNode): Role {
    const type = node.attr.type ?? '';
    let role = this.#roles.get(type);
    if (role === undefined) {
      role = nodeRole(type);
      this.#roles.set(type, role);
    }
    return role;
  }

  /** Tensors of inputs, constants and results, so that nodes may come in any order. */
  #addSource(name: string, node: NnMeterIrNode): void {
    const role = this.#role(node);
    if (role === 'alias') return;
    const shapes = node.attr.output_shape;
    if (role === 'input') {
      const stated = shapes?.[0] ?? (node.attr.attr?.shape as RawShape | undefined);
      this.#addTensor(name, 'input', this.#shape(name, stated));
      this.#inputs.push(name);
    } else if (role === 'constant') {
      this.#addConstant(name, this.#shape(name, shapes?.[0]), node);
    } else {
      const count = Math.max(1, shapes?.length ?? 0);
      for (let slot = 0; slot < count; slot++) {
        this.#addTensor(slotName(name, slot), 'activation', this.#shape(name, shapes?.[slot]));
      }
    }
  }

  #addTensor(name: string, kind: TensorKind, shape: Shape | undefined, layout?: Layout): void {
    if (this.#tensors.has(name)) {
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `nn-Meter IR: the name ${quote(name)} means two tensors; rename the node`,
      );
    }
    this.#tensors.set(name, {
      name,
      kind,
      dataType: 'unknown',
      ...(shape !== undefined && { shape }),
      ...(layout !== undefined ? { layout } : shape?.length === 4 && { layout: 'NHWC' }),
    });
  }

  #addConstant(name: string, shape: Shape | undefined, node: NnMeterIrNode): string {
    const stated = node.attr.attr?.constant;
    const values = typeof stated === 'number' ? [stated] : stated;
    this.#tensors.set(name, {
      name,
      kind: 'constant',
      dataType: 'unknown',
      ...(shape !== undefined && { shape }),
      ...(values !== undefined && values.length <= 64 && { values }),
    });
    return name;
  }

  /** A shape with every extent known; only the batch may be unknown in the file. */
  #shape(node: string, raw: RawShape | undefined): Shape | undefined {
    if (!Array.isArray(raw)) return undefined;
    const shape = raw as RawShape;
    for (let axis = 0; axis < shape.length; axis++) {
      const extent = shape[axis];
      if (typeof extent === 'number' && extent > 0) continue;
      if (axis === 0) {
        this.#unknownBatch++;
        return this.#shape(node, [1, ...shape.slice(1)]);
      }
      throw new NnMeterError(
        'E_SHAPE',
        `nn-Meter IR node ${quote(node)}: extent ${axis} of the shape [${shape.join(', ')}] is unknown; only the batch may be`,
      );
    }
    return shape as Shape;
  }

  #addNode(name: string, node: NnMeterIrNode): void {
    const sourceOp = node.attr.type ?? 'Unknown';
    const operands = this.#operands(node);
    const inputs: string[] = [];
    for (let index = 0; index < operands.length; index++) {
      inputs.push(this.#operandTensor(name, node, operands[index]!, index));
    }
    const outputCount = Math.max(1, node.attr.output_shape?.length ?? 0);
    const outputs: string[] = [];
    for (let slot = 0; slot < outputCount; slot++) outputs.push(slotName(name, slot));
    const context: NodeContext = {
      name,
      sourceOp,
      raw: node.attr.attr ?? {},
      inputs: inputs.map((input) => this.#tensors.get(input)?.shape),
      outputs: outputs.map((output) => this.#tensors.get(output)!.shape),
      computedInputs: inputs.filter((input) => this.#tensors.get(input)!.kind !== 'constant')
        .length,
    };
    const interpretation = interpret(context);
    const weight = weightTensor(interpretation, context);
    if (weight !== undefined && inputs.length < 2) {
      this.#addTensor(weight.name, 'constant', weight.shape, weight.layout);
      inputs.push(weight.name);
    }
    if (sourceOp.toLowerCase() === 'biasadd' && inputs.length === 1) {
      const channels = context.outputs[0]?.at(-1) ?? context.inputs[0]?.at(-1);
      inputs.push(
        this.#addConstant(`${name}/bias`, channels === undefined ? undefined : [channels], node),
      );
    }
    this.#nodes.push({ name, ...interpretation, inputs, outputs, sourceOp });
  }

  /** Pairs `inbounds` with `input_shape`; an operand without an inbound is a constant. */
  #operands(node: NnMeterIrNode): Operand[] {
    const shapes = node.attr.input_shape ?? [];
    const inbounds = node.inbounds ?? [];
    const operands: Operand[] = [];
    if (inbounds.length === shapes.length) {
      for (let edge = 0; edge < inbounds.length; edge++) {
        operands.push({ producer: inbounds[edge]!, shape: shapes[edge] as Shape, edge });
      }
      return operands;
    }
    const known: number[] = [];
    for (let edge = 0; edge < inbounds.length; edge++) {
      if (this.#raw.has(inbounds[edge]!)) known.push(edge);
      else this.#dropped.push(inbounds[edge]!);
    }
    let next = 0;
    for (let index = 0; index < shapes.length; index++) {
      const shape = shapes[index] as Shape;
      const edge = known[next];
      const producer = edge === undefined ? undefined : inbounds[edge]!;
      const constant =
        producer === undefined ||
        (shape.length === 0 &&
          known.length - next < shapes.length - index &&
          !this.#isScalar(producer));
      if (constant) operands.push({ shape, edge: -1 });
      else {
        operands.push({ producer, shape, edge: edge! });
        next++;
      }
    }
    for (; next < known.length; next++) {
      operands.push({ producer: inbounds[known[next]!]!, shape: undefined, edge: known[next]! });
    }
    return operands;
  }

  #isScalar(producer: string): boolean {
    const shape = this.#raw.get(producer)?.attr.output_shape?.[0];
    return shape === undefined || shape.length === 0;
  }

  /** The tensor an operand stands for; made here if it has no node. */
  #operandTensor(name: string, node: NnMeterIrNode, operand: Operand, index: number): string {
    const { producer } = operand;
    if (producer !== undefined && this.#raw.has(producer)) {
      return this.#resolve(name, producer, operand.edge);
    }
    const tensorName = producer ?? `${name}/operand_${index}`;
    if (producer !== undefined) {
      if (this.#tensors.has(producer)) return producer;
      this.#dropped.push(producer);
    }
    const shape = this.#shape(name, operand.shape);
    if (index === 0 && shape !== undefined && shape.length > 0) {
      this.#addTensor(tensorName, 'input', shape);
      this.#inputs.push(tensorName);
      return tensorName;
    }
    return this.#addConstant(tensorName, shape, node);
  }

  /** Follows aliases from a node's name to the tensor that reader `consumer` gets. */
  #resolve(consumer: string, producer: string, edge: number): string {
    const trail: string[] = [];
    let [reader, source, at] = [consumer, producer, edge];
    for (;;) {
      const alias = this.#aliases.get(source);
      if (alias !== undefined) return this.#remember(trail, alias);
      const node = this.#raw.get(source)!;
      if (this.#role(node) !== 'alias') {
        const slot = this.#slots.slot(source, reader, at);
        return this.#remember(trail, slotName(source, slot));
      }
      trail.push(source);
      const next = node.inbounds?.findIndex((inbound) => this.#raw.has(inbound)) ?? -1;
      if (next < 0 || trail.length > this.#raw.size) {
        throw new NnMeterError(
          'E_INVALID_GRAPH',
          `nn-Meter IR node ${quote(source)} (${quote(node.attr.type ?? '')}) ${next < 0 ? 'has no inbound to pass on' : 'passes on its own result'}`,
        );
      }
      [reader, source, at] = [source, node.inbounds![next]!, next];
    }
  }

  #remember(trail: readonly string[], tensor: string): string {
    for (const alias of trail) this.#aliases.set(alias, tensor);
    return tensor;
  }
}

function slotName(node: string, slot: number): string {
  return slot === 0 ? node : `${node}:${slot}`;
}
