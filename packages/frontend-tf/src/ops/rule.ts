import type { Assumptions, DataType, Layout, Op, OpAttributes, Shape, Tensor } from '@nnmeter/ir';
import type { AttrValue } from '../wire-types.ts';

/** No op has more results; keeps damaged files from asking for billions. */
export const mostResults = 100_000;

/** What a rule sees of a node: its inputs' tensors and its attributes with TensorFlow's defaults. */
export interface OpContext {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly Tensor[];
  /** What to go on with where only data decide. */
  readonly assumptions: Assumptions;
  /** The input's shape; @throws NnMeterError E_SHAPE naming the node if it is unknown. */
  shape(index: number): Shape;
  /** The values of a constant input; @throws NnMeterError E_SHAPE naming the node if they are not constant. */
  values(index: number): readonly number[];
  /** The first of them; @throws NnMeterError also if there are none. */
  value(index: number): number;
  attribute(name: string): AttrValue | undefined;
  text(name: string, fallback: string): string;
  integer(name: string, fallback: number): number;
  flag(name: string, fallback?: boolean): boolean;
  integers(name: string): readonly number[];
  readonly outputType: DataType;
}

/** A node of the graph to be. */
export interface LoweredNode<O extends Op = Op> {
  readonly kind: 'node';
  readonly op: O;
  readonly attributes: OpAttributes[O];
  /** One entry an output, undefined where it depends on data; given where the op's own rule cannot say them. */
  readonly shapes?: readonly (Shape | undefined)[];
  /** Which inputs are operands, in the graph's order; default all. The rest (axes, sizes) are in the attributes. */
  readonly operands?: readonly number[];
  /** Whether it runs although all its inputs are constant. */
  readonly runs?: true;
  /** Layouts given to constant operands, by input index. */
  readonly constantLayouts?: Readonly<Record<number, Layout>>;
  /** Layout of the first operand, where the node says it and the operand's own may be another or none. */
  readonly layout?: Layout | undefined;
}

export interface ConstantResult {
  readonly shape: Shape;
  readonly values?: readonly number[] | undefined;
}

export type Lowered =
  | { [O in Op]: LoweredNode<O> }[Op]
  /** The output is the input itself. */
  | { readonly kind: 'alias'; readonly input: number }
  /** The outputs are known without running anything. */
  | { readonly kind: 'constant'; readonly results: readonly ConstantResult[] };

export type Rule = (context: OpContext) => Lowered;

/** Rows of a table: TensorFlow op names and the rule that lowers them. */
export type Rows = readonly (readonly [ops: string, rule: Rule])[];

export function node<O extends Op>(
  op: O,
  attributes: OpAttributes[O],
  rest: Partial<Omit<LoweredNode<O>, 'kind' | 'op' | 'attributes'>> = {},
): Lowered {
  return { kind: 'node', op, attributes, ...rest } as Lowered;
}

/** An output that is known without running anything. */
export function constant(shape: Shape, values?: readonly number[]): Lowered {
  return { kind: 'constant', results: [{ shape, values }] };
}

/** A node of which only the shapes of the outputs are known. */
export function uncosted(...shapes: readonly (Shape | undefined)[]): Lowered {
  return node('custom', {}, { shapes });
}
