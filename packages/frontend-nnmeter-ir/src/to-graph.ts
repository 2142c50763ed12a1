import type { Graph, Node, ReadOptions, Shape, ShapedTensor, Statement } from '@nnmeter/ir';
import {
  createGraph,
  inferOutputShapes,
  inputShapeHint,
  locateErrors,
  NnMeterError,
  type Operation,
  quote,
  settleStatedShapes,
  withInputShapes,
} from '@nnmeter/ir';
import { parseNnMeterIr } from './decode.ts';
import type { NnMeterIrConstant, NnMeterIrNode } from './format.ts';
import { interpret } from './interpret.ts';
import type { NodeContext } from './node-context.ts';
import { type Operand, pairOperands } from './operands.ts';
import { Sources, slotCount, slotName } from './sources.ts';
import { TensorTable } from './tensor-table.ts';
import { weightTensor } from './weights.ts';
import { samePaddedNodes } from './window-attributes.ts';

/**
 * Reads a network in nn-Meter IR: parsed JSON, text or bytes. Op names may be TensorFlow's, ONNX's or nn-Meter's own.
 * Constants and identities become tensors; weights become constant tensors `<node>/weight` of the noted or derived
 * shape; a batch noted as unknown is 1.
 * @throws NnMeterError E_INVALID_INPUT (naming node and field), E_INVALID_GRAPH (a cycle), E_SHAPE.
 */
export function readNnMeterIr(json: unknown, options: ReadOptions = {}): Graph {
  const raw = new Map(Object.entries(parseNnMeterIr(json)));
  const { inputShapes } = options;
  const graph = new Reader(raw, inputShapes).read(options);
  return inputShapes === undefined
    ? graph
    : withInputShapes(graph, inputShapes, samePaddedNodes(raw));
}

class Reader {
  readonly #raw: ReadonlyMap<string, NnMeterIrNode>;
  /** What the user says of inputs; read here only where the file does not say it. */
  readonly #inputShapes: ReadOptions['inputShapes'];
  readonly #tensors: TensorTable;
  readonly #sources: Sources;
  readonly #nodes: Node[] = [];
  readonly #inputs: string[] = [];
  /** Results of nodes that say which of theirs are results of the graph. */
  readonly #statedOutputs: string[] = [];
  readonly #dropped: string[] = [];
  /** What nodes expect of the tensors that they read. */
  readonly #statements: Statement[] = [];

  constructor(raw: ReadonlyMap<string, NnMeterIrNode>, inputShapes: ReadOptions['inputShapes']) {
    this.#raw = raw;
    this.#inputShapes = inputShapes;
    this.#sources = new Sources(raw);
    // nn-Meter makes files without inputs of ONNX models, and writes what those leave open as 0.
    const hasInputs = [...raw.values()].some((node) => this.#sources.role(node) === 'input');
    this.#tensors = new TensorTable(!hasInputs);
  }

  read(options: ReadOptions): Graph {
    for (const [name, node] of this.#raw) this.#addTensors(name, node);
    for (const [name, node] of this.#raw) {
      if (this.#sources.role(node) === 'op') this.#addNode(name, node);
    }
    const read = new Set<string>();
    for (const node of this.#nodes) for (const input of node.inputs) read.add(input);
    const outputs = new Set(this.#statedOutputs);
    for (const node of this.#nodes) {
      if (this.#raw.get(node.name)?.attr.graph_outputs !== undefined) continue;
      for (const output of node.outputs) if (!read.has(output)) outputs.add(output);
    }
    const graph = createGraph({
      name: options.name ?? 'nn-meter-ir',
      nodes: this.#nodes,
      tensors: this.#tensors.values(),
      inputs: this.#inputs,
      outputs: [...outputs],
      metadata: { format: 'nnmeter-ir' },
      warnings: this.#warnings(),
    });
    return settleStatedShapes(graph, this.#statements);
  }

  #warnings(): string[] {
    const warnings: string[] = [];
    const [first] = this.#dropped;
    if (first !== undefined) {
      warnings.push(
        `${this.#dropped.length} inbounds name nodes that are not in the file and were dropped, e.g. ${quote(first)}`,
      );
    }
    if (this.#tensors.unknownBatches > 0) {
      warnings.push(`${this.#tensors.unknownBatches} shapes have an unknown batch, taken as 1`);
    }
    return warnings;
  }

  /** Inputs, constants and results first, so that nodes may come in any order. */
  #addTensors(name: string, node: NnMeterIrNode): void {
    const tensors = this.#tensors;
    const { output_shape: shapes, output_type: types, graph_outputs: outputs, attr } = node.attr;
    switch (this.#sources.role(node)) {
      case 'input': {
        tensors.add('input', name, this.#inputShape(name, shapes?.[0] ?? attr?.shape), types?.[0]);
        this.#inputs.push(name);
        break;
      }
      case 'constant':
        tensors.addConstant(name, {
          shape: tensors.shape(shapes?.[0]),
          type: types?.[0],
          values: attr?.constant,
        });
        break;
      case 'op':
        for (let slot = 0; slot < slotCount(node); slot++) {
          const shape = tensors.shape(shapes?.[slot]);
          tensors.add('activation', slotName(name, slot), shape, types?.[slot]);
        }
        for (const slot of outputs ?? []) {
          if (slot < slotCount(node)) this.#statedOutputs.push(slotName(name, slot));
        }
    }
  }

  #operands(node: NnMeterIrNode): Operand[] {
    return pairOperands(this.#raw, node, (name) => {
      const known = this.#tensors.get(name) !== undefined;
      if (!known) this.#dropped.push(name);
      return known;
    });
  }

  #namedConstant(node: string, constant: NnMeterIrConstant): string {
    const { index, name = `${node}/operand_${index}`, shape, data_type: type, values } = constant;
    if (constant.name !== undefined && this.#tensors.get(name)?.kind === 'constant') return name;
    return this.#tensors.addConstant(this.#tensors.freeName(name), { shape, type, values });
  }

  /** What the file says, or else the user. */
  #inputShape(name: string, raw: unknown): Shape | undefined {
    const given = this.#inputShapes;
    const shape =
      this.#tensors.shape(raw) ??
      (Array.isArray(given) ? (given as Shape) : new Map(Object.entries(given ?? {})).get(name));
    if (shape === undefined && Array.isArray(raw)) {
      const extents = raw.map((extent) => (typeof extent === 'number' ? extent : '?'));
      throw new NnMeterError(
        'E_MISSING_DIMENSION',
        `nn-Meter IR: input ${quote(name)} has the shape [${extents.join(', ')}]; only its batch may be unknown`,
        { where: { input: name }, hint: inputShapeHint(name, [1, 224, 224, 3]) },
      );
    }
    return shape;
  }

  #addNode(name: string, node: NnMeterIrNode): void {
    const tensors = this.#tensors;
    const sourceOp = node.attr.type ?? 'Unknown';
    const raw = node.attr.attr ?? {};
    const constants = node.attr.constants?.toSorted((a, b) => a.index - b.index);
    const operands = this.#operands(node);
    // Where constants are listed, an operand without a node is one of them.
    const inputs = (
      constants ? operands.filter(({ producer }) => producer !== undefined) : operands
    ).map((operand, index) => this.#operandTensor(name, node, operand, index));
    const weightNoted = inputs.length > 1 || constants?.some(({ index }) => index === 1);
    for (const constant of constants ?? []) {
      inputs.splice(constant.index, 0, this.#namedConstant(name, constant));
    }
    const outputs: string[] = [];
    for (let slot = 0; slot < slotCount(node); slot++) outputs.push(slotName(name, slot));
    const context: NodeContext = {
      name,
      sourceOp,
      raw,
      inputs: inputs.map((input) => tensors.get(input)?.shape),
      outputs: outputs.map((output) => tensors.get(output)?.shape),
      computedInputs: inputs.filter((input) => tensors.get(input)?.kind !== 'constant').length,
    };
    if (this.#isShapeComputation(node, context)) {
      for (const output of outputs) tensors.fold(output, shapeValues(context));
      return;
    }
    const interpretation = interpret(context, node.attr.op);
    const weight = weightTensor(interpretation, context);
    if (weight !== undefined && !weightNoted) {
      const type = typeof raw.weight_type === 'string' ? raw.weight_type : undefined;
      const weightName = tensors.freeName(`${name}/weight`);
      inputs.splice(1, 0, tensors.addConstant(weightName, { ...weight, type }));
    }
    if (sourceOp.toLowerCase() === 'biasadd' && inputs.length === 1) {
      const channels = (context.outputs[0] ?? context.inputs[0])?.at(-1);
      const shape = channels === undefined ? undefined : [channels];
      inputs.push(tensors.addConstant(tensors.freeName(`${name}/bias`), { shape }));
    }
    if (context.outputs.includes(undefined)) this.#inferShapes(interpretation, inputs, outputs);
    const { op, attributes } = interpretation;
    this.#nodes.push({ name, op, attributes, inputs, outputs, sourceOp } as Node);
  }

  /** What only feeds shapes to others, as in TensorFlow's Shape -> StridedSlice -> Pack -> Reshape, is no work. */
  #isShapeComputation(node: NnMeterIrNode, context: NodeContext): boolean {
    return context.computedInputs === 0
      ? (node.inbounds?.length ?? 0) > 0
      : context.sourceOp === 'Shape' && node.attr.op === undefined;
  }

  /** Shapes the file does not state; left open where operands or rules are missing. */
  #inferShapes(operation: Operation, inputs: readonly string[], outputs: readonly string[]): void {
    const operands = inputs.map((input) => this.#tensors.get(input));
    if (!operands.every((operand): operand is ShapedTensor => operand?.shape !== undefined)) return;
    const results = locateErrors(
      () => ({ node: outputs[0]!, op: operation.op }),
      () => inferOutputShapes(operation, operands),
    );
    outputs.forEach((output, slot) => {
      this.#tensors.settleShape(output, results?.[slot]?.shape);
    });
  }

  /** The tensor an operand stands for; made here if it has no node. */
  #operandTensor(name: string, node: NnMeterIrNode, operand: Operand, index: number): string {
    const { producer, shape: stated } = operand;
    const tensors = this.#tensors;
    if (producer !== undefined) {
      if (this.#raw.has(producer)) {
        const tensor = this.#sources.tensor(name, producer, operand.edge);
        if (stated?.length) {
          const extents = tensors.extents(stated);
          this.#statements.push({ tensor, stated: extents });
        }
        return tensor;
      }
      if (tensors.get(producer) !== undefined) return producer;
      this.#dropped.push(producer);
    }
    const wanted = producer ?? tensors.freeName(`${name}/operand_${index}`);
    const isInput = index === 0 && (operand.shape?.length ?? 0) > 0;
    const shape = isInput ? this.#inputShape(wanted, operand.shape) : tensors.shape(operand.shape);
    if (isInput) {
      tensors.add('input', wanted, shape);
      this.#inputs.push(wanted);
      return wanted;
    }
    const type = node.attr.output_type?.[0];
    return tensors.addConstant(wanted, { shape, type, values: node.attr.attr?.constant });
  }
}

function shapeValues({ sourceOp, inputs }: NodeContext): Shape | undefined {
  return sourceOp === 'Shape' ? inputs[0] : undefined;
}
