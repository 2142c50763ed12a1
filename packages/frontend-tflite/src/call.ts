import {
  type ConstantArray,
  type ConstantCall,
  type Evaluator,
  functionOfOp,
} from '@nnmeter/constants';
import {
  type Assumptions,
  type DataType,
  inferOutputShapes,
  type Layout,
  NnMeterError,
  type Op,
  type OpAttributes,
  type Operation,
  opRow,
  quote,
  type Shape,
  type ShapeAndLayout,
} from '@nnmeter/ir';
import type { Operator, StatedTensor } from './model.ts';
import { Value } from './value.ts';

/** Thrown where a shape or value that an op needs is not known; the op then stays in the graph as a custom one. */
export class NotKnown extends Error {}

/** A node of the graph to be. */
export interface EmittedNode {
  readonly op: Op;
  readonly attributes: OpAttributes[Op];
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
}

/** The other subgraphs of a model, which operators of control flow run. */
export interface Bodies {
  /**
   * Puts a subgraph in the place of its call.
   * @param isAssumed whether it is only assumed to run @returns its results
   */
  inline(
    subgraph: number,
    inputs: readonly Value[],
    label: string,
    isAssumed?: boolean,
  ): readonly Value[];
  /** The results of a subgraph, of which no work is kept. */
  evaluate(subgraph: number, inputs: readonly Value[]): readonly Value[];
  /** How many nodes a subgraph would be. */
  count(subgraph: number, inputs: readonly Value[]): number;
  /** Notes that something was not known, and what was taken instead. */
  warn(warning: string): void;
}

/** What a call knows beside its operator. */
export interface CallContext {
  /** Whether the shapes that the file states hold for the inputs that the model is read with. */
  readonly statedHolds: boolean;
  readonly bodies: Bodies;
  readonly assumptions: Assumptions;
  readonly evaluator: Evaluator;
}

/** A result: without a shape where that depends on data. */
interface Result {
  readonly shape: Shape | undefined;
  readonly layout?: Layout | undefined;
}

/** What a rule may say of a node beside its op, attributes and operands. */
interface EmitOptions {
  /** Shapes of the results, undefined where they depend on data; given where the op's own rule does not say them. */
  readonly shapes?: readonly (Shape | undefined)[];
  /** Layout of the first operand, where the op says it. */
  readonly layout?: Layout | undefined;
  /** Of the results; default: the first operand's, or what the op says. */
  readonly dataType?: DataType;
  /** What it computes; default: what the op says. `unknown` where it only costs like the op, or reads more than its operands. */
  readonly computes?: ConstantCall | 'unknown';
}

/** An operator of the file with its operands, and the nodes that its rule makes of it. */
export class Call {
  readonly op: string;
  readonly inputs: readonly (Value | undefined)[];
  /** What the file says of its results. */
  readonly stated: readonly StatedTensor[];
  readonly customOptions: Uint8Array;
  readonly bodies: Bodies;
  /** Sizes to go on with where only data decide. */
  readonly assumptions: Assumptions;
  readonly nodes: EmittedNode[] = [];
  readonly #statedHolds: boolean;
  readonly #evaluator: Evaluator;

  constructor(
    operator: Operator,
    inputs: readonly (Value | undefined)[],
    stated: readonly StatedTensor[],
    { statedHolds, bodies, assumptions, evaluator }: CallContext,
  ) {
    this.op = operator.op;
    this.customOptions = operator.customOptions;
    this.inputs = inputs;
    this.stated = stated;
    this.#statedHolds = statedHolds;
    this.bodies = bodies;
    this.assumptions = assumptions;
    this.#evaluator = evaluator;
  }

  has(index: number): boolean {
    return this.inputs[index] !== undefined;
  }

  /** @throws NnMeterError E_INVALID_GRAPH if it is omitted */
  input(index: number): Value {
    const value = this.inputs[index];
    if (value !== undefined) return value;
    throw new NnMeterError('E_INVALID_GRAPH', `it has no input ${index}`);
  }

  /** @throws NotKnown */
  shape(index: number): Shape {
    return knownShape(this.input(index));
  }

  /** The values of a small constant. @throws NotKnown */
  values(index: number): readonly number[] {
    const { values, name } = this.input(index);
    if (values === undefined) throw new NotKnown(`${quote(name)} is computed from data`);
    return values;
  }

  /** The only value of a small constant. @throws NotKnown */
  integer(index: number): number {
    const [value] = this.values(index);
    if (value === undefined) throw new NotKnown(`input ${index} is empty`);
    return value;
  }

  /** What the file says of the first result. @throws NnMeterError E_INVALID_GRAPH if it has none */
  get result(): StatedTensor {
    const [result] = this.stated;
    if (result !== undefined) return result;
    throw new NnMeterError('E_INVALID_GRAPH', 'it has no result');
  }

  /** The shape that the file states for a result. @throws NotKnown if it states none, or for other inputs */
  statedShape(slot = 0): Shape {
    const stated = this.#statedHolds ? this.stated[slot] : undefined;
    if (stated?.isRanked && stated.signature === undefined) return stated.shape;
    throw new NotKnown('the shape of its result is not known');
  }

  /** Adds a node; what a known op computes from constants alone is a constant. */
  emit<O extends Op>(
    op: O,
    attributes: OpAttributes[O],
    inputs: readonly (Value | undefined)[],
    options: EmitOptions = {},
  ): Value[] {
    const operands = inputs.filter((input) => input !== undefined);
    const operation = { op, attributes } as Operation;
    const results: readonly Result[] =
      options.shapes?.map((shape) => ({ shape })) ?? infer(operation, operands, options);
    const [data] = operands;
    const isConstant =
      op !== 'custom' && operands.length > 0 && operands.every(({ kind }) => kind === 'constant');
    const dataType = options.dataType ?? resultType(operation) ?? data?.dataType ?? 'unknown';
    const layout = options.layout ?? data?.layout;
    const shapes = results.map(({ shape }) => shape);
    const elements = isConstant
      ? this.#elementsOf(options.computes ?? functionOfOp(operation), operands, shapes, dataType)
      : undefined;
    const outputs = results.map((result, slot) => {
      const { shape } = result;
      if (isConstant && shape !== undefined) {
        return new Value('constant', dataType, shape, { values: elements?.[slot] });
      }
      const like = options.shapes && shape?.length === data?.shape?.length ? layout : undefined;
      return new Value('activation', dataType, shape, { layout: result.layout ?? like });
    });
    if (!outputs.every(({ kind }) => kind === 'constant')) {
      this.nodes.push({ op, attributes, inputs, outputs });
    }
    return outputs;
  }

  /** Adds a node of one result. */
  one<O extends Op>(
    op: O,
    attributes: OpAttributes[O],
    inputs: readonly (Value | undefined)[],
    options: EmitOptions = {},
  ): Value {
    return this.emit(op, attributes, inputs, options)[0]!;
  }

  /** The elements of results of constants; undefined where they do not matter or are not known. */
  #elementsOf(
    computes: ConstantCall | 'unknown' | undefined,
    operands: readonly Value[],
    shapes: readonly (Shape | undefined)[],
    dataType: DataType,
  ): readonly (readonly number[])[] | undefined {
    if (computes === undefined || computes === 'unknown') return undefined;
    if (!operands.every(isKnown) || !shapes.every((shape) => shape !== undefined)) return undefined;
    return this.#evaluator.evaluate(computes, operands, { shapes, dataType });
  }

  /** The same elements in another shape. */
  reshape(value: Value, shape: Shape): Value {
    return this.one('reshape', { shape }, [value]);
  }
}

/** @throws NotKnown */
export function knownShape({ shape, name }: Value): Shape {
  if (shape === undefined) throw new NotKnown(`the shape of ${quote(name)} is not known`);
  return shape;
}

function infer(
  operation: Operation,
  operands: readonly Value[],
  { layout }: EmitOptions,
): readonly ShapeAndLayout[] {
  const known = operands.map(
    (operand, index): ShapeAndLayout => ({
      shape: knownShape(operand),
      layout: (index === 0 ? layout : undefined) ?? operand.layout,
    }),
  );
  const results = inferOutputShapes(operation, known);
  if (results === undefined) throw new NotKnown('its attributes do not say its shape');
  return results;
}

function isKnown(value: Value): value is Value & ConstantArray {
  return value.values !== undefined && value.shape !== undefined;
}

function resultType({ op, attributes }: Operation): DataType | undefined {
  return op === 'cast' ? (attributes.to as DataType) : opRow(op).resultType;
}
