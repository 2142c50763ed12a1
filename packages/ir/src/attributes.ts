/** Attribute types of the canonical ops. Spatial lists are in axis order (height, width), all explicit numbers. */

// biome-ignore lint/complexity/noBannedTypes: the empty object is what is meant
export type NoAttributes = {};

export interface ConvAttributes {
  /** Kernel extent per spatial axis, e.g. [3, 3]. */
  readonly kernelShape: readonly number[];
  readonly strides: readonly number[];
  /** ONNX order: all begins, then all ends, e.g. [top, left, bottom, right]. */
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  /** Number of channel groups; 1 is dense, input channels is depthwise. */
  readonly group: number;
}

export interface ConvTransposeAttributes extends ConvAttributes {
  readonly outputPadding: readonly number[];
}

export interface PoolAttributes {
  readonly kernelShape: readonly number[];
  readonly strides: readonly number[];
  /** ONNX order: all begins, then all ends. */
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly ceilMode: boolean;
}

/** Rectifiers with bounds: Relu has none, Relu6 has max 6, Clip has either. */
export interface ClipAttributes {
  readonly min?: number;
  readonly max?: number;
}

export interface AlphaAttributes {
  readonly alpha?: number;
  readonly beta?: number;
}

export interface AxisAttributes {
  /** Non-negative, in the tensor's own axis order. */
  readonly axis: number;
}

export interface SplitAttributes extends AxisAttributes {
  /** Extent of each output along the axis. */
  readonly sizes: readonly number[];
}

export interface ReduceAttributes {
  /** Non-negative, sorted. */
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

export interface ReshapeAttributes {
  /** The resulting shape, all known. */
  readonly shape: readonly number[];
}

export interface TransposeAttributes {
  readonly perm: readonly number[];
}

export interface PadAttributes {
  /** All begins, then all ends, for every axis. */
  readonly pads: readonly number[];
  readonly mode: string;
}

export interface SliceAttributes {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes: readonly number[];
  readonly steps: readonly number[];
}

export interface NormalizationAttributes {
  readonly axis?: number;
  readonly epsilon?: number;
  readonly groups?: number;
}

export interface ResizeAttributes {
  readonly mode: string;
}

export interface BlockSizeAttributes {
  readonly blockSize: number;
}

export interface CastAttributes {
  readonly to: string;
}

export interface MatMulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

export interface EinsumAttributes {
  readonly equation: string;
}

export interface RecurrentAttributes {
  readonly hiddenSize: number;
  readonly directions: 1 | 2;
}

export interface TopKAttributes extends AxisAttributes {
  readonly k: number;
}

export type AttributeValue =
  | number
  | string
  | boolean
  | readonly number[]
  | readonly string[]
  | readonly boolean[];

/** Ops outside the canonical vocabulary keep the attributes of their source. */
export type CustomAttributes = { readonly [name: string]: AttributeValue };

/**
 * The canonical vocabulary. nn-Meter's short names where it has one (conv, dwconv, bn, fc, gap, ...; see
 * `node.sourceOp` for the name in the model's own format), lower-case ONNX names for the rest.
 */
export interface OpAttributes {
  conv: ConvAttributes;
  /** Convolution with one group per input channel. */
  dwconv: ConvAttributes;
  convtranspose: ConvTransposeAttributes;
  /** Product with a constant matrix over the last axis: Gemm, Dense, MatMul by a weight. */
  fc: MatMulAttributes;
  /** Product of two computed tensors. */
  matmul: MatMulAttributes;
  einsum: EinsumAttributes;
  lstm: RecurrentAttributes;
  gru: RecurrentAttributes;
  rnn: RecurrentAttributes;

  bn: NormalizationAttributes;
  layernorm: NormalizationAttributes;
  groupnorm: NormalizationAttributes;
  instancenorm: NormalizationAttributes;
  rmsnorm: NormalizationAttributes;
  lrn: NormalizationAttributes;
  l2norm: NormalizationAttributes;

  relu: ClipAttributes;
  clip: ClipAttributes;
  sigmoid: NoAttributes;
  hardsigmoid: AlphaAttributes;
  hswish: NoAttributes;
  swish: NoAttributes;
  gelu: NoAttributes;
  mish: NoAttributes;
  tanh: NoAttributes;
  leakyrelu: AlphaAttributes;
  prelu: NoAttributes;
  elu: AlphaAttributes;
  selu: AlphaAttributes;
  celu: AlphaAttributes;
  softplus: NoAttributes;
  softsign: NoAttributes;
  erf: NoAttributes;
  exp: NoAttributes;
  log: NoAttributes;
  sqrt: NoAttributes;
  rsqrt: NoAttributes;
  reciprocal: NoAttributes;
  square: NoAttributes;
  neg: NoAttributes;
  abs: NoAttributes;
  sign: NoAttributes;
  floor: NoAttributes;
  ceil: NoAttributes;
  round: NoAttributes;
  sin: NoAttributes;
  cos: NoAttributes;
  not: NoAttributes;
  softmax: AxisAttributes;
  logsoftmax: AxisAttributes;

  add: NoAttributes;
  sub: NoAttributes;
  mul: NoAttributes;
  div: NoAttributes;
  pow: NoAttributes;
  mod: NoAttributes;
  max: NoAttributes;
  min: NoAttributes;
  equal: NoAttributes;
  greater: NoAttributes;
  less: NoAttributes;
  and: NoAttributes;
  or: NoAttributes;
  where: NoAttributes;

  maxpool: PoolAttributes;
  avgpool: PoolAttributes;
  lppool: PoolAttributes;
  /** Mean over all spatial axes, keeping channels. */
  gap: ReduceAttributes;
  globalmaxpool: ReduceAttributes;
  reducemean: ReduceAttributes;
  reducesum: ReduceAttributes;
  reducemax: ReduceAttributes;
  reducemin: ReduceAttributes;
  reduceprod: ReduceAttributes;
  reducel2: ReduceAttributes;
  argmax: ReduceAttributes;
  argmin: ReduceAttributes;
  cumsum: AxisAttributes;
  topk: TopKAttributes;

  concat: AxisAttributes;
  split: SplitAttributes;
  slice: SliceAttributes;
  /** Anything that only renames axes: Reshape, Flatten, Squeeze, Unsqueeze. Moves no data. */
  reshape: ReshapeAttributes;
  transpose: TransposeAttributes;
  pad: PadAttributes;
  gather: AxisAttributes;
  scatter: NoAttributes;
  tile: NoAttributes;
  expand: NoAttributes;
  resize: ResizeAttributes;
  depthtospace: BlockSizeAttributes;
  spacetodepth: BlockSizeAttributes;
  cast: CastAttributes;
  identity: NoAttributes;
  onehot: AxisAttributes;
  nonmaxsuppression: NoAttributes;
  shape: NoAttributes;
  quantize: NoAttributes;
  dequantize: NoAttributes;

  custom: CustomAttributes;
}

export type Op = keyof OpAttributes;
