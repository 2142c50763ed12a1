import {
  createGraph,
  elementCount,
  type Graph,
  type Layout,
  locateError,
  NnMeterError,
  type Node,
  quote,
  type ReadOptions,
  type Shape,
  type Statement,
  type Tensor,
  warnOfStatedShapes,
} from '@nnmeter/ir';
import type { FlatGraph, TfNode } from './flatten.ts';
import { InputShapes } from './input-shapes.ts';
import { mergeBatchNormalization } from './merge-batch-norm.ts';
import { NodeContext, NotKnown } from './op-context.ts';
import { foldValues } from './ops/fold.ts';
import { ruleOf } from './ops/table.ts';
import { type Settled, type SettledNode, settleShapes } from './settle-shapes.ts';

/** Turns TensorFlow nodes into the graph, following data from the wanted results back to the inputs. */
export class Lowering {
  readonly #flat: FlatGraph;
  readonly #shapes: InputShapes;
  readonly #imageLayout: (rank: number) => Layout | undefined;
  /** `node:slot` -> its tensor; pass-throughs share their input's. */
  readonly #computed = new Map<string, Tensor>();
  readonly #nodes: Node[] = [];
  readonly #tensors = new Map<string, Tensor>();
  readonly #inputs: string[] = [];
  readonly #warnings = new Map<string, string[]>();
  /** Shapes that the file states; not true for inputs of other shapes. */
  readonly #statements: Statement[] | undefined;

  constructor(flat: FlatGraph, options: ReadOptions) {
    this.#flat = flat;
    this.#statements = options.inputShapes === undefined ? [] : undefined;
    const placeholders: string[] = [];
    let isChannelsFirst = false;
    for (const node of flat.nodes.values()) {
      if (node.op === 'Placeholder') placeholders.push(node.name);
      isChannelsFirst ||= new NodeContext(node, []).text('data_format', '').startsWith('NC');
    }
    this.#shapes = new InputShapes(placeholders, options.inputShapes, (warning) =>
      this.warn(warning),
    );
    const layouts: readonly Layout[] = isChannelsFirst ? ['NCHW', 'NCDHW'] : ['NHWC', 'NDHWC'];
    this.#imageLayout = (rank) => layouts.find((layout) => layout.length === rank);
  }

  /** @param outputs wanted results as `node:slot` @throws NnMeterError if the graph is not valid or a shape impossible */
  run(outputs: readonly string[], name: string, metadata: Readonly<Record<string, string>>): Graph {
    for (const output of outputs) this.#follow(output);
    const results = new Set<string>();
    for (const output of outputs) {
      const tensor = this.#tensor(output, '');
      if (tensor.kind === 'activation') results.add(tensor.name);
    }
    const warnings = [...this.#warnings].map(([warning, nodes]) =>
      nodes.length === 0 ? warning : `${warning}: ${summary(nodes)}`,
    );
    return createGraph({
      name,
      nodes: mergeBatchNormalization(this.#nodes, this.#tensors, results),
      tensors: this.#tensors.values(),
      inputs: this.#inputs,
      outputs: [...results],
      metadata,
      warnings: [...warnings, ...this.#contradictions()],
    });
  }

  #contradictions(): readonly string[] {
    return warnOfStatedShapes(this.#statements ?? [], (name) => this.#tensors.get(name)?.shape);
  }

  /** Notes something the user should know; nodes with the same note are listed together. */
  warn(warning: string, node?: string): void {
    const nodes = this.#warnings.get(warning) ?? [];
    if (node !== undefined) nodes.push(node);
    this.#warnings.set(warning, nodes);
  }

  /** The key that really computes a value, past the ends of function calls. */
  #resolve(key: string): string {
    let current = key;
    for (let steps = 0; steps <= this.#flat.aliases.size; steps++) {
      const next = this.#flat.aliases.get(current);
      if (next === undefined) return current;
      current = next;
    }
    throw new NnMeterError('E_INVALID_GRAPH', `the result ${quote(key)} is only defined by itself`);
  }

  #nodeOf(key: string, reader: string): TfNode {
    const node = this.#flat.nodes.get(key.slice(0, key.lastIndexOf(':')));
    if (node !== undefined) return node;
    const who = reader === '' ? 'the model returns' : `node ${quote(reader)} reads`;
    throw new NnMeterError(
      'E_INVALID_GRAPH',
      `${who} ${quote(key)}, which is not in the TensorFlow graph`,
      { where: reader === '' ? {} : { node: reader } },
    );
  }

  #tensor(key: string, reader: string): Tensor {
    const resolved = this.#resolve(key);
    const tensor = this.#computed.get(resolved);
    if (tensor !== undefined) return tensor;
    throw new NnMeterError(
      'E_INVALID_GRAPH',
      `node ${quote(reader)} reads ${quote(resolved)}, an output that op does not have`,
      { where: { node: reader } },
    );
  }

  /** Lowers everything a result needs, producers first, without recursion. */
  #follow(output: string): void {
    const start = this.#nodeOf(this.#resolve(output), '');
    const state = new Map<TfNode, 'open'>();
    const stack: { node: TfNode; next: number }[] = [];
    const open = (node: TfNode): void => {
      if (this.#computed.has(`${node.name}:0`)) return;
      if (state.has(node)) {
        const from = stack.findIndex((frame) => frame.node === node);
        const cycle = stack
          .slice(from)
          .map((frame) => `${quote(frame.node.name)} (${frame.node.op})`);
        const shown = cycle.length > 6 ? [...cycle.slice(0, 5), '...'] : cycle;
        throw new NnMeterError(
          'E_INVALID_GRAPH',
          `nodes read each other's results in a cycle: ${shown.reverse().join(' -> ')}; loops have no fixed latency, export the model without them`,
        );
      }
      state.set(node, 'open');
      stack.push({ node, next: 0 });
    };
    open(start);
    while (stack.length > 0) {
      const frame = stack[stack.length - 1]!;
      const input = frame.node.inputs[frame.next++];
      if (input !== undefined) {
        open(this.#nodeOf(this.#resolve(input), frame.node.name));
        continue;
      }
      stack.pop();
      state.delete(frame.node);
      this.#lower(frame.node);
    }
  }

  #lower(node: TfNode): void {
    if (node.op === 'Placeholder') {
      const shape = this.#shapes.of(node);
      this.#inputs.push(node.name);
      this.#define(node, 0, {
        kind: 'input',
        dataType: new NodeContext(node, []).outputType,
        shape,
        ...layoutOf(this.#imageLayout(shape.length)),
      });
      return;
    }
    const inputs = node.inputs.map((input) => this.#tensor(input, node.name));
    const context = new NodeContext(node, inputs);
    const lowered = this.#apply(node, context);
    if (lowered.kind === 'alias') {
      const first = inputs[lowered.input];
      if (first === undefined)
        throw new NnMeterError(
          'E_INVALID_GRAPH',
          `node ${quote(node.name)} (${node.op}) has no input`,
          { where: { node: node.name, op: node.op } },
        );
      for (const [slot, input] of inputs.entries()) {
        this.#computed.set(`${node.name}:${slot}`, node.op === 'IdentityN' ? input : first);
      }
      if (node.op.endsWith('Switch')) this.#computed.set(`${node.name}:1`, first);
      return;
    }
    if (lowered.kind === 'constant') {
      this.#constant(node, context, lowered.shape, lowered.values);
      if (node.op.includes('Random') || node.op === 'TruncatedNormal') {
        this.warn(
          'random numbers, as dropout in training uses; inference graphs have none, freeze the model for inference',
          node.name,
        );
      }
      return;
    }
    const shape = lowered.results[0]?.shape;
    if (
      shape !== undefined &&
      inputs.length > 0 &&
      inputs.every((input) => input.kind === 'constant')
    ) {
      const slice = lowered.op === 'slice' ? lowered.attributes : undefined;
      this.#constant(node, context, shape, foldValues(node.op, inputs, shape, slice)?.values);
      return;
    }
    this.#emit(node, context, lowered);
  }

  #apply(node: TfNode, context: NodeContext): Settled {
    const unknown = { kind: 'node', op: 'custom', attributes: {}, results: [{}] } as const;
    const rule = ruleOf(node.op);
    if (rule === undefined) {
      const isStated = this.#statements !== undefined && context.statedShape(0) !== undefined;
      const outcome = isStated
        ? 'the shapes that the file states are used'
        : 'its cost cannot be predicted';
      this.warn(`no shape inference for TensorFlow op ${quote(node.op)}; ${outcome}`, node.name);
      return unknown;
    }
    try {
      return settleShapes(rule(context), context);
    } catch (error) {
      if (error instanceof NotKnown) {
        this.warn(
          'shapes depend on data or on an op without shape inference and are not known',
          node.name,
        );
        return unknown;
      }
      throw locateError({ node: node.name, op: node.op }, error);
    }
  }

  #constant(
    node: TfNode,
    context: NodeContext,
    shape: Shape,
    values: readonly number[] | undefined,
  ): void {
    this.#define(node, 0, {
      kind: 'constant',
      dataType: context.outputType,
      shape,
      ...(values === undefined ? {} : { values }),
    });
  }

  #define(node: TfNode, slot: number, rest: Omit<Tensor, 'name'>): Tensor {
    const { shape } = rest;
    if (shape !== undefined && elementCount(shape) > Number.MAX_SAFE_INTEGER) {
      throw new NnMeterError(
        'E_SHAPE',
        `node ${quote(node.name)} (${node.op}) has the impossible shape [${shape.join(', ')}]`,
        { where: { node: node.name, op: node.op } },
      );
    }
    const tensor: Tensor = { name: slot === 0 ? node.name : `${node.name}:${slot}`, ...rest };
    this.#computed.set(`${node.name}:${slot}`, tensor);
    if (tensor.kind !== 'constant') this.#tensors.set(tensor.name, tensor);
    return tensor;
  }

  #emit(node: TfNode, context: NodeContext, lowered: SettledNode): void {
    const operands = lowered.operands ?? context.inputs.map((_, index) => index);
    const names = operands.map((index) => {
      const tensor = context.inputs[index]!;
      const layout = lowered.constantLayouts?.[index];
      if (tensor.kind === 'constant') {
        this.#tensors.set(
          tensor.name,
          layout === undefined ? (this.#tensors.get(tensor.name) ?? tensor) : { ...tensor, layout },
        );
      }
      return tensor.name;
    });
    const outputs = lowered.results.map(({ shape: inferred, layout }, slot) => {
      const stated = this.#statements && context.statedShape(slot);
      const shape = inferred ?? (stated?.every((extent) => extent >= 0) ? stated : undefined);
      const { name } = this.#define(node, slot, {
        kind: 'activation',
        dataType: context.outputType,
        ...(shape === undefined ? {} : { shape }),
        ...layoutOf(layout),
      });
      if (stated !== undefined) this.#statements?.push({ tensor: name, stated });
      return name;
    });
    this.#nodes.push({
      name: node.name,
      op: lowered.op,
      attributes: lowered.attributes,
      inputs: names,
      outputs,
      sourceOp: node.op,
    } as Node);
  }
}

function layoutOf(layout: Layout | undefined): { layout?: Layout } {
  return layout === undefined ? {} : { layout };
}

function summary(nodes: readonly string[]): string {
  const shown = nodes.slice(0, 3).map(quote).join(', ');
  return nodes.length <= 3 ? shown : `${shown} and ${nodes.length - 3} more`;
}
