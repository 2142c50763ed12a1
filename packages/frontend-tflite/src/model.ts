import type { DataType, Shape } from '@nnmeter/ir';

/** A decoded TFLite model, without its weights. */
export interface TfLiteModel {
  readonly description: string;
  /** The first is the model, others are bodies of control flow, or other signatures' models. */
  readonly subgraphs: readonly SubGraph[];
  readonly signatures: readonly Signature[];
}

/** Tensors go by their places in `tensors`. */
export interface SubGraph {
  readonly tensors: readonly StatedTensor[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** In the order of execution. */
  readonly operators: readonly Operator[];
}

/** What the file says of a tensor. */
export interface StatedTensor {
  readonly name: string;
  readonly dataType: DataType;
  /** Extents that are not known are 1. */
  readonly shape: Shape;
  /** The shape with -1 for extents that are not known; absent if all are. */
  readonly signature?: readonly number[];
  /** False if the shape [] may also mean that nothing is known. */
  readonly isRanked: boolean;
  /** Whether it is neither an input nor computed. */
  readonly isConstant: boolean;
  /** Values of a small constant. */
  readonly values?: readonly number[];
}

export interface Operator {
  /** The builtin operator, or the name of a custom one. */
  readonly op: string;
  readonly isCustom: boolean;
  /** -1 for an omitted one. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: Readonly<Record<string, unknown>>;
  /** The options of a custom op, in its own format; empty for others. */
  readonly customOptions: Uint8Array;
}

/** A way to call the model: names for a subgraph's inputs. */
export interface Signature {
  readonly key: string;
  readonly subgraph: number;
  /** Names by the place of the input's tensor. */
  readonly inputs: ReadonlyMap<number, string>;
}
