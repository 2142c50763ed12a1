import {
  CHANNELS_FIRST,
  type DataType,
  elementCount,
  inferOutputShapes,
  type Layout,
  NnMeterError,
  normalizeAxis,
  type Op,
  type OpAttributes,
  type Operation,
  opRow,
  quote,
  type Shape,
} from '@nnmeter/ir';
import type { Arguments } from './signature.ts';
import type { Step } from './step.ts';
import { Value } from './value.ts';

/** Says what a node of a program does, by the steps it adds to the call. */
export type Rule = (call: Call) => void;

/** An argument or size that a rule needs is not known; the node is then kept as one outside the vocabulary. */
export class Unknown extends Error {}

/** What calls of one program share. */
export interface CallContext {
  readonly steps: Step[];
  uniqueName(name: string): string;
  warn(text: string, kind: string): void;
}

/** Where a step comes from; another node than the one that is read, if that only undoes what was done before it. */
type Origin = Pick<Step, 'sourceOp' | 'module'>;

/** A result as the program states it. */
export type Stated = Pick<Value, 'name' | 'dataType' | 'shape'>;

/** One node with its arguments, those left out too: what a rule sees. */
export class Call {
  /** `conv2d`, without overload and without the underscore of ops that write into their operand. */
  readonly op: string;
  readonly sourceOp: string;
  /** Results as the program states them; undefined where nothing is returned. */
  readonly stated: readonly (Stated | undefined)[];
  /** The results, once the rule has said what they are. */
  readonly results: (Value | undefined)[] = [];
  readonly #module: string;
  readonly #mutates: boolean;
  readonly #arguments: Arguments;
  readonly #context: CallContext;

  constructor(facts: {
    readonly op: string;
    readonly sourceOp: string;
    readonly module: string;
    readonly mutates: boolean;
    readonly arguments: Arguments;
    readonly stated: readonly (Stated | undefined)[];
    readonly context: CallContext;
  }) {
    this.op = facts.op;
    this.sourceOp = facts.sourceOp;
    this.stated = facts.stated;
    this.#module = facts.module;
    this.#mutates = facts.mutates;
    this.#arguments = facts.arguments;
    this.#context = facts.context;
  }

  /** Whether an argument is there and is not None. */
  has(name: string): boolean {
    return this.#arguments.get(name) !== undefined;
  }

  /** @throws NnMeterError E_INVALID_GRAPH if it is no tensor */
  tensor(name: string): Value {
    const value = this.optional(name);
    if (value !== undefined) return value;
    throw new NnMeterError('E_INVALID_GRAPH', `its argument ${quote(name)} is not a tensor`);
  }

  optional(name: string): Value | undefined {
    const value = this.#arguments.get(name);
    return value instanceof Value ? value : undefined;
  }

  tensors(name: string): readonly (Value | undefined)[] {
    const value = this.#arguments.get(name);
    const isList =
      Array.isArray(value) && value.every((each) => each === undefined || each instanceof Value);
    if (isList) return value;
    throw new NnMeterError(
      'E_INVALID_GRAPH',
      `its argument ${quote(name)} is not a list of tensors`,
    );
  }

  /** All tensors among the arguments, in order. */
  get operands(): readonly Value[] {
    const found: Value[] = [];
    for (const value of this.#arguments.values()) {
      for (const each of Array.isArray(value) ? value : [value]) {
        if (each instanceof Value) found.push(each);
      }
    }
    return found;
  }

  /** @throws Unknown if the shape depends on data */
  shape(name: string): Shape {
    return shapeOf(this.tensor(name));
  }

  /** The shape of a result. @throws Unknown if it depends on data */
  result(index = 0): Shape {
    const shape = this.stated[index]?.shape;
    if (shape === undefined) throw new Unknown();
    return shape;
  }

  /** A number; undefined for None, tensors, and what is not known. */
  number(name: string): number | undefined {
    const value = this.#arguments.get(name);
    return typeof value === 'number' ? value : undefined;
  }

  /** @throws Unknown if it is not a known integer */
  integer(name: string): number {
    const value = this.number(name);
    if (Number.isSafeInteger(value)) return value!;
    throw new Unknown();
  }

  /** One integer, or several, for each of `count` axes. @throws Unknown if they are not known */
  perAxis(name: string, count: number): readonly number[] {
    const value = this.#arguments.get(name);
    const list = Array.isArray(value) ? value : [value];
    if (!list.every((each) => Number.isSafeInteger(each)) || list.length === 0) throw new Unknown();
    if (list.length === count) return list as number[];
    if (list.length === 1) return new Array<number>(count).fill(list[0] as number);
    throw new NnMeterError(
      'E_SHAPE',
      `its argument ${quote(name)} has ${list.length} entries for ${count} axes`,
    );
  }

  /** Undefined for None and the empty list. @throws Unknown if an entry is not known */
  integers(name: string): readonly number[] | undefined {
    const value = this.#arguments.get(name);
    if (value === undefined) return undefined;
    const list = Array.isArray(value) ? value : [value];
    if (!list.every((each) => Number.isSafeInteger(each))) throw new Unknown();
    return list.length === 0 ? undefined : (list as number[]);
  }

  flag(name: string): boolean {
    return this.#arguments.get(name) === true;
  }

  text(name: string): string | undefined {
    const value = this.#arguments.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** The axis in an argument, not negative. */
  axis(name: string, rank: number): number {
    return normalizeAxis(this.integer(name), rank);
  }

  /** A constant that the program states as a number. */
  scalar(value: number, dataType: DataType = 'float32'): Value {
    return new Value({
      name: this.#context.uniqueName(`${this.#baseName}.constant`),
      kind: 'constant',
      dataType,
      shape: [],
      values: [value],
    });
  }

  /** A constant that the program does not have as one: several of its weights, or indices. */
  extra(shape: Shape, dataType: DataType = 'float32'): Value {
    const name = this.#context.uniqueName(`${this.#baseName}.constant`);
    return new Value({ name, kind: 'constant', dataType, shape });
  }

  /** A node whose result, of an inferred shape, the next steps read. */
  step<O extends Op>(
    op: O,
    attributes: OpAttributes[O],
    inputs: readonly Value[],
    origin: Origin = this.#origin,
  ): Value {
    return this.steps(op, attributes, inputs, origin)[0]!;
  }

  /** As `step`, with all results. */
  steps<O extends Op>(
    op: O,
    attributes: OpAttributes[O],
    inputs: readonly Value[],
    origin: Origin = this.#origin,
  ): readonly Value[] {
    const kind = isConstant(inputs) ? 'constant' : 'activation';
    const outputs = this.#infer(op, attributes, inputs).map(
      (shape) =>
        new Value({
          name: this.#context.uniqueName(`${this.#baseName}.${op}`),
          kind,
          dataType: opRow(op).resultType ?? inputs[0]?.dataType ?? 'float32',
          shape,
        }),
    );
    if (kind === 'activation') this.#add(op, attributes, inputs, outputs, origin);
    return outputs;
  }

  /** The places [count, rank] where a tensor is not zero: how many there are depends on data. */
  places(mask: Value, count: number): Value {
    const shape = [count, shapeOf(mask).length];
    const name = this.#context.uniqueName(`${this.#baseName}.nonzero`);
    const kind = isConstant([mask]) ? 'constant' : 'activation';
    const found = new Value({ name, kind, dataType: 'int64', shape });
    if (kind === 'activation') this.#add('nonzero', {}, [mask], [found], this.#origin);
    return found;
  }

  /** A node for each of several results. */
  finishEach<O extends Op>(
    inputs: readonly Value[],
    operations: readonly { readonly op: O; readonly attributes: OpAttributes[O] }[],
  ): void {
    const outputs = this.#outputs(isConstant(inputs) ? 'constant' : 'activation');
    if (outputs[0]?.kind === 'constant') return;
    operations.forEach(({ op, attributes }, index) => {
      this.#add(op, attributes, [inputs[index]], [outputs[index]], this.#origin);
    });
  }

  /** The node that gives the results. What all operands of are constants is one, and no work. */
  finish<O extends Op>(
    op: O,
    attributes: OpAttributes[O],
    inputs: readonly (Value | undefined)[],
    origin: Origin = this.#origin,
  ): void {
    const outputs = this.#outputs(isConstant(inputs) ? 'constant' : 'activation');
    if (outputs[0]?.kind === 'constant') return;
    this.#compare(op, attributes, inputs);
    this.#add(op, attributes, inputs, outputs, origin);
  }

  /** Hands values on without any work. */
  alias(...values: readonly Value[]): void {
    this.results.push(...values);
  }

  /** The results are known before the network runs. */
  constant(values?: readonly number[]): void {
    this.#outputs('constant', values);
  }

  /** A node outside the vocabulary. */
  custom(attributes: OpAttributes['custom'] = {}): void {
    this.finish('custom', attributes, this.operands);
  }

  /** A weight says by its reader what its axes mean. */
  weight(name: string, layout: Layout | undefined): Value {
    const weight = this.tensor(name);
    if (weight.kind === 'constant') weight.weightLayout ??= layout;
    return weight;
  }

  get #origin(): Origin {
    return { sourceOp: this.sourceOp, module: this.#module };
  }

  get #baseName(): string {
    return this.stated.find((result) => result !== undefined)?.name ?? this.op;
  }

  #outputs(kind: Value['kind'], values?: readonly number[]): readonly (Value | undefined)[] {
    const outputs = this.stated.map(
      (result) =>
        result &&
        new Value({ ...result, name: this.#context.uniqueName(result.name), kind, values }),
    );
    this.results.push(...outputs);
    return outputs;
  }

  #add<O extends Op>(
    op: O,
    attributes: OpAttributes[O],
    inputs: readonly (Value | undefined)[],
    outputs: readonly (Value | undefined)[],
    { sourceOp, module }: Origin,
  ): void {
    const last = inputs.findLastIndex((input) => input !== undefined);
    const step: Step = {
      op,
      attributes,
      inputs: inputs.slice(0, last + 1),
      outputs,
      sourceOp,
      module,
      mutates: this.#mutates,
      isAssumed: false,
    };
    for (const output of outputs) if (output !== undefined) output.producer = step;
    this.#context.steps.push(step);
  }

  #infer<O extends Op>(
    op: O,
    attributes: OpAttributes[O],
    inputs: readonly (Value | undefined)[],
  ): readonly Shape[] {
    const { axes } = opRow(op);
    const known = inputs.filter((input) => input !== undefined);
    const operands = known.map((input, index) => {
      const shape = shapeOf(input);
      const image = axes === 'image' && index === 0 ? CHANNELS_FIRST[shape.length] : undefined;
      const layout = image ?? input.weightLayout;
      return { shape, layout };
    });
    const results = inferOutputShapes({ op, attributes } as Operation, operands);
    if (results === undefined) throw new Unknown();
    return results.map(({ shape }) => shape);
  }

  /** The program knows its shapes; that ours are others is told. */
  #compare<O extends Op>(
    op: O,
    attributes: OpAttributes[O],
    inputs: readonly (Value | undefined)[],
  ): void {
    let inferred: readonly Shape[];
    try {
      inferred = this.#infer(op, attributes, inputs);
    } catch (error) {
      if (error instanceof Unknown) return;
      if (error instanceof NnMeterError) this.#disagree(error.problem);
      else throw error;
      return;
    }
    this.stated.forEach((result, index) => {
      const own = inferred[index];
      if (own === undefined || result?.shape === undefined) return;
      if (own.join() === result.shape.join()) return;
      if (elementCount(own) > Number.MAX_SAFE_INTEGER) {
        throw new NnMeterError('E_SHAPE', `its result would have the shape [${own.join(', ')}]`);
      }
      this.#disagree(`[${own.join(', ')}]`);
    });
  }

  #disagree(own: string): void {
    const stated = this.stated[0]?.shape?.join(', ') ?? '?';
    this.#context.warn(
      `${quote(this.#baseName)} (${this.sourceOp}): the program says that its result is [${stated}], by its arguments it is: ${own}`,
      this.sourceOp,
    );
  }
}

function shapeOf(value: Value): Shape {
  if (value.shape === undefined) throw new Unknown();
  return value.shape;
}

function isConstant(inputs: readonly (Value | undefined)[]): boolean {
  return inputs.every((input) => input === undefined || input.kind === 'constant');
}
