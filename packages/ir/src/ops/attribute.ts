/**
 * What an attribute means, and the type of its value. Readers and writers of formats treat all attributes of one kind
 * alike, so that a new op's attributes are renumbered, written and read back without code of their own.
 */
export interface AttributeKinds {
  /** Any number. */
  real: number;
  /** A count. */
  integer: number;
  flag: boolean;
  text: string;
  /** Integers that belong to no axis, or each to an entry of an `axisList`. */
  integers: readonly number[];
  /** An axis of the first operand, not negative. */
  axis: number;
  /** An axis of the result, not negative. */
  resultAxis: number;
  /** Axes of the first operand, not negative, sorted. */
  axes: readonly number[];
  /** Axes of the first operand in the order of the lists beside it. */
  axisList: readonly number[];
  /** For every axis of the result the axis of the operand it is; empty: reversed. */
  permutation: readonly number[];
  /** One number an axis of the first operand. */
  perAxis: readonly number[];
  /** Begins, then ends, of every axis of the first operand. */
  padsPerAxis: readonly number[];
  /** One number a spatial axis (depth, height, width), wherever the channels are. */
  perSide: readonly number[];
  /** Begins, then ends, of the spatial axes: [top, left, bottom, right]. */
  padsPerSide: readonly number[];
  /** The extents of the result, all known. */
  shape: readonly number[];
}

export type AttributeKind = keyof AttributeKinds;

/** An attribute of an op. */
export interface Attribute<K extends AttributeKind = AttributeKind, O extends boolean = boolean> {
  readonly kind: K;
  /** Whether it may be absent. */
  readonly optional: O;
  /** Its name in ONNX, where that is not its own. */
  readonly onnx?: string;
  /** What ONNX takes where a node does not state it. */
  readonly onnxDefault?: number;
}

/** The attributes of an op by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

type RequiredOf<A extends Attributes> = {
  readonly [N in keyof A as A[N]['optional'] extends true
    ? never
    : N]: AttributeKinds[A[N]['kind']];
};
type OptionalOf<A extends Attributes> = {
  readonly [N in keyof A as A[N]['optional'] extends true
    ? N
    : never]?: AttributeKinds[A[N]['kind']];
};
type Flat<T> = { readonly [N in keyof T]: T[N] };

/** The type of the values of attributes. */
export type ValuesOf<A extends Attributes> = Flat<RequiredOf<A> & OptionalOf<A>>;

type Onnx = Pick<Attribute, 'onnx' | 'onnxDefault'>;

/** An attribute that every node of the op has. */
export function stated<K extends AttributeKind>(kind: K, onnx: Onnx = {}): Attribute<K, false> {
  return { kind, optional: false, ...onnx };
}

/** An attribute that a node may lack. */
export function optional<K extends AttributeKind>(kind: K, onnx: Onnx = {}): Attribute<K, true> {
  return { kind, optional: true, ...onnx };
}
