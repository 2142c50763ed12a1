/** Attributes of a node in nn-Meter IR; those named here are understood, others are kept as they are. */
export interface RawAttributes {
  readonly kernel_shape?: number | readonly number[];
  readonly ksize?: number | readonly number[];
  readonly strides?: number | readonly number[];
  readonly dilations?: number | readonly number[];
  /** All begins, then all ends. */
  readonly pads?: number | readonly number[];
  /** Convolution: [height, width, input channels a group, output channels]; depthwise: [height, width, channels, multiplier]; matrices: [input, output]. */
  readonly weight_shape?: number | readonly number[];
  readonly padding?: string | number | readonly number[];
  readonly group?: number;
  readonly axis?: number | readonly number[];
  readonly axes?: number | readonly number[];
  readonly split_dim?: number;
  readonly reduction_indices?: number | readonly number[];
  readonly perm?: number | readonly number[];
  readonly keep_dims?: boolean | number;
  readonly keepdims?: boolean | number;
  /** Values of the constant operand. */
  readonly constant?: number | readonly number[];
  readonly shape?: unknown;
  /** Extension: element type of the weight. */
  readonly weight_type?: unknown;
  readonly [name: string]: unknown;
}

/** A shape with channels last; null or -1 is an unknown batch. */
export type RawShape = readonly (number | null)[];

/** A constant operand that `weight_shape` and `constant` cannot say. */
export interface NnMeterIrConstant {
  /** Position among the operands. */
  readonly index: number;
  /** Operands of one name are one constant. */
  readonly name?: string;
  readonly shape?: readonly number[];
  readonly data_type?: string;
  /** Of small constants only. */
  readonly values?: readonly number[];
}

/** A node of nn-Meter IR. Keys marked "extension" are ours; the original ignores them. */
export interface NnMeterIrNode {
  readonly inbounds?: readonly string[];
  readonly outbounds?: readonly string[];
  readonly attr: {
    readonly name?: string;
    /** Op name in TensorFlow, ONNX or nn-Meter. */
    readonly type?: string;
    /** Extension: canonical op, where `type` alone does not tell. */
    readonly op?: string;
    /** One shape an operand; `[]` is a constant, null (extension) an unknown shape. */
    readonly input_shape?: readonly (RawShape | null)[];
    /** One shape a result; null (extension) is an unknown shape. */
    readonly output_shape?: readonly (RawShape | null)[];
    /** Extension: element types of the results. */
    readonly output_type?: readonly string[];
    /** Extension: which result of each node in `inbounds` is read. */
    readonly input_slots?: readonly number[];
    /** Extension: constant operands such as biases. */
    readonly constants?: readonly NnMeterIrConstant[];
    /** Extension: results that are results of the graph; without it, those that no node reads. */
    readonly graph_outputs?: readonly number[];
    readonly attr?: RawAttributes;
  };
}

/** A network in nn-Meter IR: node name -> node, in execution order. The JSON schema is `nnMeterIrSchema`. */
export type NnMeterIr = { readonly [name: string]: NnMeterIrNode };
