import { Evaluator } from '@nnmeter/constants';
import {
  Assumptions,
  createGraph,
  type DataType,
  elementCount,
  type Graph,
  type GraphSpecification,
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
import { ControlFlow } from './control-flow.ts';
import { type FlatGraph, nodeNameOf, type TfNode } from './flatten.ts';
import { InputShapes } from './input-shapes.ts';
import { mergeBatchNormalization } from './merge-batch-norm.ts';
import { NodeContext, NotKnown } from './op-context.ts';
import { foldValues } from './ops/fold.ts';
import { mostResults } from './ops/rule.ts';
import { ruleOf } from './ops/table.ts';
import { type Settled, type SettledNode, settleShapes } from './settle-shapes.ts';
import { type ListResult, TensorLists } from './tensor-lists.ts';

const MERGES = new Set(['Merge', 'RefMerge']);
const SWITCHES = new Set(['Switch', 'RefSwitch', '_SwitchN']);

/** What a graph has from the file as a whole. */
type SourceFacts = Pick<GraphSpecification, 'name' | 'metadata' | 'signatures' | 'signature'>;

/** Turns TensorFlow nodes into the graph, following data from the wanted results back to the inputs. */
export class Lowering {
  readonly #flat: FlatGraph;
  readonly #shapes: InputShapes;
  readonly #imageLayout: (rank: number) => Layout | undefined;
  readonly #controlFlow: ControlFlow;
  readonly #assumptions: Assumptions;
  readonly #evaluator = new Evaluator();
  readonly #lists = new TensorLists((key) => this.#computed.get(this.#resolve(key))?.values);
  /** `node:slot` -> its tensor; pass-throughs share their input's. */
  readonly #computed = new Map<string, Tensor>();
  /** Lowered nodes, and those whose inputs are being lowered. */
  readonly #state = new Map<TfNode, 'open' | 'done'>();
  readonly #stack: { readonly node: TfNode; next: number }[] = [];
  /** Nodes on the sides of conditions that are not taken, and the slots of switches that lead there. */
  readonly #dead = new Set<string>();
  /** By name, with the outputs that something read so far. */
  readonly #nodes = new Map<string, Node & { outputs: string[] }>();
  readonly #tensors = new Map<string, Tensor>();
  readonly #inputs: string[] = [];
  readonly #warnings = new Map<string, string[]>();
  /** Shapes that the file states; not true for inputs of other shapes. */
  readonly #statements: Statement[] | undefined;

  /** @param placeholders the inputs that results depend on */
  constructor(flat: FlatGraph, placeholders: readonly TfNode[], options: ReadOptions) {
    this.#flat = flat;
    this.#statements = options.inputShapes === undefined ? [] : undefined;
    this.#assumptions = new Assumptions(options.assume);
    const warn = this.warn.bind(this);
    this.#shapes = new InputShapes(placeholders, options.inputShapes, warn);
    this.#controlFlow = new ControlFlow(flat, {
      numberOf: (key) => this.#follow(key)?.values?.[0],
      warn,
      assumptions: this.#assumptions,
    });
    const layouts: readonly Layout[] = isChannelsFirst(flat)
      ? ['NCHW', 'NCDHW']
      : ['NHWC', 'NDHWC'];
    this.#imageLayout = (rank) => layouts.find((layout) => layout.length === rank);
  }

  /** @param outputs wanted results as `node:slot` @throws NnMeterError if the graph is not valid or a shape impossible */
  run(outputs: readonly string[], facts: SourceFacts): Graph {
    const results = new Set<string>();
    for (const output of outputs) {
      const tensor = this.#follow(output);
      if (tensor?.kind === 'activation') results.add(tensor.name);
    }
    const warnings = [...this.#warnings].map(([warning, nodes]) =>
      nodes.length === 0 ? warning : `${warning}: ${summary(nodes)}`,
    );
    return createGraph({
      ...facts,
      ...mergeBatchNormalization([...this.#nodes.values()], this.#tensors, results),
      inputs: this.#inputs,
      outputs: [...results],
      assumed: this.#assumptions.used,
      warnings: [...warnings, ...this.#assumptions.warnings, ...this.#contradictions()],
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

  /** The key that really computes a value, past the ends of function calls, loops and branches. */
  #resolve(key: string): string {
    let current = key;
    for (let steps = 0; steps <= this.#flat.aliases.size + 1; steps++) {
      let next = this.#flat.aliases.get(current);
      if (next === undefined) {
        const node = this.#flat.nodeOf(current);
        if (node !== undefined) this.#controlFlow.replace(node);
        next = this.#flat.aliases.get(current);
      }
      if (next === undefined) return current;
      current = next;
    }
    throw new NnMeterError('E_INVALID_GRAPH', `the result ${quote(key)} is only defined by itself`);
  }

  #nodeOf(key: string, reader: string): TfNode {
    const node = this.#flat.nodeOf(key);
    if (node !== undefined) return node;
    const who = reader === '' ? 'the model returns' : `node ${quote(reader)} reads`;
    throw new NnMeterError(
      'E_INVALID_GRAPH',
      `${who} ${quote(key)}, which is not in the TensorFlow graph`,
      { where: reader === '' ? {} : { node: reader } },
    );
  }

  /** The tensor of a lowered node's result; one that its op's rule does not know has no shape. */
  #tensor(key: string, reader: string): Tensor {
    const resolved = this.#resolve(key);
    const tensor = this.#computed.get(resolved);
    if (tensor !== undefined) return tensor;
    const producer = this.#flat.nodeOf(resolved);
    const node = producer && this.#nodes.get(producer.name);
    const slot = Number(resolved.slice(resolved.lastIndexOf(':') + 1));
    if (producer === undefined || node === undefined || !(slot < mostResults)) {
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `node ${quote(reader)} reads ${quote(resolved)}, an output that op does not have`,
        { where: { node: reader } },
      );
    }
    while (node.outputs.length < slot) node.outputs.push('');
    const added = this.#define(producer, slot, { kind: 'activation', dataType: 'unknown' });
    node.outputs[slot] = added.name;
    return added;
  }

  /**
   * Lowers everything a result needs, producers first, without recursion but for conditions of loops and branches.
   * @returns undefined on the side of a condition that is not taken
   */
  #follow(output: string): Tensor | undefined {
    const stack = this.#stack;
    const bottom = stack.length;
    this.#open(this.#nodeOf(this.#resolve(output), ''));
    while (stack.length > bottom) {
      const frame = stack[stack.length - 1]!;
      const input = frame.node.inputs[frame.next++];
      if (input !== undefined) {
        this.#open(this.#nodeOf(this.#resolve(input), frame.node.name));
        continue;
      }
      stack.pop();
      this.#lower(frame.node);
      this.#state.set(frame.node, 'done');
    }
    return this.#isDead(this.#resolve(output)) ? undefined : this.#tensor(output, '');
  }

  #open(node: TfNode): void {
    const state = this.#state.get(node);
    if (state === 'done') return;
    if (state === 'open') {
      const from = this.#stack.findIndex((frame) => frame.node === node);
      const cycle = this.#stack
        .slice(from)
        .map((frame) => `${quote(frame.node.name)} (${frame.node.op})`);
      const shown = cycle.length > 6 ? [...cycle.slice(0, 5), '...'] : cycle;
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `nodes read each other's results in a cycle: ${shown.reverse().join(' -> ')}; loops have no fixed latency, export the model without them`,
      );
    }
    this.#state.set(node, 'open');
    this.#stack.push({ node, next: 0 });
  }

  #lower(node: TfNode): void {
    if (node.op === 'Placeholder') {
      const shape = this.#shapes.of(node);
      this.#inputs.push(node.name);
      this.#define(node, 0, {
        kind: 'input',
        dataType: new NodeContext(node, [], this.#assumptions).outputType,
        shape,
        ...layoutOf(this.#imageLayout(shape.length)),
      });
      return;
    }
    const keys = node.inputs.map((input) => this.#resolve(input));
    if (MERGES.has(node.op)) {
      this.#merge(node, keys);
      return;
    }
    if (keys.some((key) => this.#isDead(key))) {
      this.#dead.add(node.name);
      return;
    }
    const list = this.#lists.replace(node, keys);
    if (list === undefined || list.inputs !== undefined) this.#lowerOp(node, list?.inputs ?? keys);
    else this.#lowerList(node, list);
  }

  #lowerOp(node: TfNode, keys: readonly string[]): void {
    const inputs = keys.map((key) => this.#tensor(key, node.name));
    const context = new NodeContext(node, inputs, this.#assumptions);
    const lowered = this.#apply(node, context);
    if (lowered.kind === 'alias') {
      const first = inputs[lowered.input];
      if (first === undefined)
        throw new NnMeterError(
          'E_INVALID_GRAPH',
          `node ${quote(node.name)} (${node.op}) has no input`,
          { where: { node: node.name, op: node.op } },
        );
      if (SWITCHES.has(node.op)) this.#switch(node, keys, inputs);
      else {
        for (const slot of inputs.keys()) {
          const input = node.op === 'IdentityN' ? slot : lowered.input;
          this.#passOn(node, slot, keys[input]!);
        }
      }
      return;
    }
    if (lowered.kind === 'constant') {
      for (const [slot, { shape, values }] of lowered.results.entries())
        this.#constant(node, slot, context.outputType, shape, values);
      if (node.op.includes('Random') || node.op === 'TruncatedNormal') {
        this.warn(
          'random numbers, as dropout in training uses; inference graphs have none, freeze the model for inference',
          node.name,
        );
      }
      return;
    }
    if (!lowered.runs && inputs.length > 0 && inputs.every((input) => input.kind === 'constant')) {
      const shapes = lowered.results.map(({ shape }) => shape);
      if (shapes.length > 0 && shapes.every((shape) => shape !== undefined)) {
        const values = foldValues(this.#evaluator, context, shapes, context.outputType, lowered);
        for (const [slot, shape] of shapes.entries())
          this.#constant(node, slot, context.outputType, shape, values[slot]);
        return;
      }
    }
    this.#emit(node, context, lowered);
  }

  /** The slots of a Switch are the sides of a condition, false and true; those of a SwitchN several. */
  #switch(node: TfNode, keys: readonly string[], inputs: readonly Tensor[]): void {
    const sides = node.attributes.get('num_outs')?.i ?? 2;
    const value = inputs[1]?.values?.[0];
    const taken = value === undefined || node.op === '_SwitchN' ? value : Number(value !== 0);
    for (let slot = 0; slot < Math.min(sides, mostResults); slot++) {
      this.#passOn(node, slot, keys[0]!);
      if (taken !== undefined && taken !== slot) this.#dead.add(`${node.name}:${slot}`);
    }
    if (taken === undefined)
      this.warn('which branch is taken depends on data; both are counted', node.name);
  }

  #isDead(key: string): boolean {
    return this.#dead.size > 0 && (this.#dead.has(key) || this.#dead.has(nodeNameOf(key)));
  }

  /** Of the sides of a condition, the first that may be taken. */
  #merge(node: TfNode, keys: readonly string[]): void {
    const live = keys.findIndex((key) => !this.#isDead(key));
    if (live < 0) {
      this.#dead.add(node.name);
      return;
    }
    this.#passOn(node, 0, keys[live]!);
    this.#constant(node, 1, 'int32', [], [live]);
  }

  /** A result that is another's. */
  #passOn(node: TfNode, slot: number, key: string): void {
    const own = `${node.name}:${slot}`;
    this.#computed.set(own, this.#tensor(key, node.name));
    this.#lists.share(own, key);
  }

  #lowerList(node: TfNode, { aliases, length }: ListResult): void {
    if (length !== undefined) {
      this.#constant(node, 0, 'int32', [], [length]);
      return;
    }
    for (const slot of [0, 1]) {
      const key = aliases?.get(slot);
      if (key !== undefined) this.#passOn(node, slot, key);
      else this.#define(node, slot, { kind: 'constant', dataType: 'unknown' });
    }
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
      const isMisfit = error instanceof NnMeterError && error.code === 'E_SHAPE';
      if (isMisfit && this.#assumptions.warnings.length > 0) {
        this.warn('shapes do not fit the sizes that are assumed and are not known', node.name);
        return unknown;
      }
      throw locateError({ node: node.name, op: node.op }, error);
    }
  }

  #constant(
    node: TfNode,
    slot: number,
    dataType: DataType,
    shape: Shape,
    values: readonly number[] | undefined,
  ): void {
    this.#define(node, slot, {
      kind: 'constant',
      dataType,
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
      const tensor = context.inputs[index];
      if (tensor === undefined) {
        throw new NnMeterError(
          'E_INVALID_GRAPH',
          `node ${quote(node.name)} (${node.op}): its input ${index} is missing`,
          { where: { node: node.name, op: node.op } },
        );
      }
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
    this.#nodes.set(node.name, {
      name: node.name,
      op: lowered.op,
      attributes: lowered.attributes,
      inputs: names,
      outputs,
      sourceOp: node.op,
      ...(this.#controlFlow.isAssumed(node.name) && { isAssumed: true }),
    } as Node & { outputs: string[] });
  }
}

const [N, C] = [0x4e, 0x43];

/** Whether an op on images says that channels come first. */
function isChannelsFirst(flat: FlatGraph): boolean {
  for (const { attributes } of flat.nodes.values()) {
    const format = attributes.get('data_format')?.s;
    if (format?.[0] === N && format[1] === C) return true;
  }
  return false;
}

function layoutOf(layout: Layout | undefined): { layout?: Layout } {
  return layout === undefined ? {} : { layout };
}

function summary(nodes: readonly string[]): string {
  const shown = nodes.slice(0, 3).map(quote).join(', ');
  return nodes.length <= 3 ? shown : `${shown} and ${nodes.length - 3} more`;
}
