import type { DataType, Layout, Node, OpAttributes, Shape } from '@nnmeter/ir';

/** A node with everything its rule may want to know. */
export interface Call {
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Shapes of the tensors read, channels first; undefined if not known. */
  readonly inputs: readonly (Shape | undefined)[];
  readonly outputs: readonly Shape[];
  /** Arguments by position as JSON values; tensors and values not known are undefined. */
  readonly arguments: ReadonlyMap<number, unknown>;
}

/** A constant that the node owns in PyTorch: weights, statistics. */
export interface OwnedConstant {
  readonly name: string;
  readonly shape: Shape;
  readonly layout?: Layout;
  /** Default: float32. */
  readonly dataType?: DataType;
  readonly values?: readonly number[];
}

/** What a node is in the canonical vocabulary. */
export type Operation = {
  [O in Node['op']]: {
    readonly op: O;
    readonly attributes: OpAttributes[O];
    readonly constants?: readonly OwnedConstant[];
  };
}[Node['op']];

/** Says what a node is; undefined if its shapes do not fit its type. */
export type Rule = (call: Call) => Operation | undefined;

/** A number, or the same number for each of `count` axes; the first of these that is given. */
export function extents(count: number, ...candidates: readonly unknown[]): number[] | undefined {
  for (const value of candidates) {
    if (isExtent(value)) return new Array(count).fill(value);
    if (!Array.isArray(value) || !value.every(isExtent)) continue;
    if (value.length === count) return value;
    if (value.length === 1) return new Array(count).fill(value[0]);
  }
  return undefined;
}

function isExtent(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function integer(...candidates: readonly unknown[]): number | undefined {
  return candidates.find((value) => Number.isSafeInteger(value)) as number | undefined;
}

/** The only axis along which two shapes of equal rank differ. */
export function differingAxis(a: Shape, b: Shape): number | undefined {
  if (a.length !== b.length) return undefined;
  const axes = a.flatMap((dimension, axis) => (dimension === b[axis] ? [] : [axis]));
  return axes.length === 1 ? axes[0] : undefined;
}

/** The axis counted from the front. */
export function fromFront(axis: number, rank: number): number | undefined {
  const index = axis < 0 ? axis + rank : axis;
  return index >= 0 && index < rank ? index : undefined;
}
