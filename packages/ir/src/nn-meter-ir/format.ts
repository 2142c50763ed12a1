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
  readonly [name: string]: unknown;
}

/** A shape with channels last; null or -1 is an unknown batch. */
export type RawShape = readonly (number | null)[];

/** A node of nn-Meter IR. */
export interface NnMeterIrNode {
  readonly inbounds?: readonly string[];
  readonly outbounds?: readonly string[];
  readonly attr: {
    readonly name?: string;
    readonly type?: string;
    /** One shape an operand; `[]` is a constant. */
    readonly input_shape?: readonly RawShape[];
    readonly output_shape?: readonly RawShape[];
    /** Which result of each node in `inbounds` is read. Not in the original format. */
    readonly input_slots?: readonly number[];
    readonly attr?: RawAttributes;
  };
}

/** A network in nn-Meter IR: node name -> node, in execution order. The JSON schema is `nnMeterIrSchema`. */
export type NnMeterIr = { readonly [name: string]: NnMeterIrNode };
