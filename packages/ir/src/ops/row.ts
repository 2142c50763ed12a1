import type { DataType, Layout, Shape } from '../tensor.ts';
import type { Attributes, ValuesOf } from './attribute.ts';

/** A shape with the meaning of its axes, where they have one. */
export interface ShapeAndLayout {
  readonly shape: Shape;
  readonly layout?: Layout | undefined;
}

/**
 * What an op costs like on any device: the ops of one kind run through the same loops. Latency models are fitted by kind,
 * and an op that is not its kind's namesake borrows the namesake's cost.
 */
export type CostKind =
  | 'conv'
  | 'dwconv'
  | 'convtranspose'
  | 'fc'
  | 'matmul'
  | 'recurrent'
  | 'maxpool'
  | 'avgpool'
  | 'gap'
  | 'reduce'
  | 'bn'
  | 'normalization'
  | 'softmax'
  /** Elementwise with one operand, a few instructions an element. */
  | 'relu'
  | 'hswish'
  /** Elementwise by a series or a table: exp, erf, tanh. */
  | 'transcendental'
  /** Elementwise with two operands. */
  | 'add'
  | 'concat'
  | 'split'
  /** Moves data elsewhere: slice, transpose, pad. */
  | 'copy'
  /** Renames axes, moves nothing. */
  | 'reshape'
  | 'resize'
  | 'sort'
  | 'other';

/**
 * What an op does to the meaning of axes. `kept`: the result's are the operand's. `image`: it works on images, in ONNX on
 * [N, C, ...]. `permuted`: by its permutation. `features`: the last axis is replaced. `opaque`: nothing can be said.
 */
export type AxesRole = 'kept' | 'image' | 'permuted' | 'features' | 'opaque';

/** Shapes of the results from those of the operands, weights included; undefined if they are not settled by them. */
export type ShapeRule<V> = (
  inputs: readonly ShapeAndLayout[],
  attributes: V,
) => readonly ShapeAndLayout[] | undefined;

/** Multiply-accumulate operations of a node whose shapes are known. */
export type MacsRule<V> = (
  attributes: V,
  inputs: readonly ShapeAndLayout[],
  result: ShapeAndLayout,
) => number;

/** All that is known of an op, in one place; everything else in the project that depends on the op is derived. */
export interface OpRow<A extends Attributes = Attributes, V = ValuesOf<A>> {
  /** Name in ONNX and the opset it came with; null if ONNX has no such op and the name is only in its style. */
  readonly onnx: readonly [name: string, since: number | null];
  readonly attributes: A;
  /** Fewest and most operands, constant ones included. */
  readonly operands: readonly [least: number, most: number];
  readonly shapes: ShapeRule<V>;
  /** `none` if it multiplies nothing, `unknown` if nothing is known of it. */
  readonly macs: MacsRule<V> | 'none' | 'unknown';
  readonly cost: CostKind;
  readonly axes: AxesRole;
  /** It moves no data, so that it costs nothing. */
  readonly free?: true;
  /** A linear layer whose second operand is its weight, so that a bias added to the result is part of it. */
  readonly weighted?: true;
  /** Constant operands beyond the first are shapes, indices or bounds, no parameters. */
  readonly indexOperands?: true;
  /** An element of the result depends on the elements at its place; operands broadcast. */
  readonly elementwise?: true;
  /** Element type of the results where it is not the first operand's. */
  readonly resultType?: DataType;
  /** A few words for tables. */
  readonly note?: string;
}

/** Checks a row, and gives its rules the types of its attributes. */
export function row<const A extends Attributes>(columns: OpRow<A>): OpRow<A> {
  return columns;
}

/** The rule of ops whose result is like the first operand, whatever that is. */
export const likeFirst: ShapeRule<unknown> = ([data]) => [data!];

/** No rule: the shapes depend on data or on what only the source format knows. */
export const unsettled: ShapeRule<unknown> = () => undefined;
