/** How a field of an option table is stored. */
export type OptionKind = 'int8' | 'int32' | 'uint32' | 'float32' | 'flag' | 'integers';

/** A field of an option table: its number in the schema, and what it is where it is absent. */
export interface OptionField<K extends OptionKind = OptionKind> {
  readonly kind: K;
  readonly field: number;
  readonly fallback: number;
}

export type OptionFields = Readonly<Record<string, OptionField>>;

/** The values of an option table. */
export type OptionValues<F extends OptionFields> = {
  readonly [N in keyof F]: F[N] extends OptionField<'integers'>
    ? readonly number[]
    : F[N] extends OptionField<'flag'>
      ? boolean
      : number;
};

/** The options of an op, as the schema has them. */
export interface OptionTable<F extends OptionFields = OptionFields> {
  /** The table's number in the union BuiltinOptions, or with `union` 2 in BuiltinOptions2. */
  readonly tag: number;
  readonly union: 1 | 2;
  readonly fields: F;
}

const field =
  <K extends OptionKind>(kind: K) =>
  (number: number, fallback = 0): OptionField<K> => ({ kind, field: number, fallback });

const int8 = field('int8');
const int32 = field('int32');
const uint32 = field('uint32');
const float32 = field('float32');
const flag = field('flag');
const integers = field('integers');

function table<const F extends OptionFields>(
  tag: number,
  fields: F,
  union: 1 | 2 = 1,
): OptionTable<F> {
  return { tag, union, fields };
}

const window2d = {
  padding: int8(0),
  strideWidth: int32(1),
  strideHeight: int32(2),
};

const pool2d = table(5, {
  ...window2d,
  filterWidth: int32(3),
  filterHeight: int32(4),
  activation: int8(5),
});

const conv3d = table(106, {
  padding: int8(0),
  strideDepth: int32(1),
  strideWidth: int32(2),
  strideHeight: int32(3),
  activation: int8(4),
  dilationDepth: int32(5, 1),
  dilationWidth: int32(6, 1),
  dilationHeight: int32(7, 1),
});

const arithmetic = (tag: number) => table(tag, { activation: int8(0) });
const reducer = table(27, { keepDims: flag(0) });
const argument = (tag: number) => table(tag, { resultType: int8(0) });

/** The options that matter here, by builtin operator; what is not listed has none, or none that anything depends on. */
export const OPTION_TABLES = {
  CONV_2D: table(1, {
    ...window2d,
    activation: int8(3),
    dilationWidth: int32(4, 1),
    dilationHeight: int32(5, 1),
  }),
  DEPTHWISE_CONV_2D: table(2, {
    ...window2d,
    /** Results a channel. */
    multiplier: int32(3),
    activation: int8(4),
    dilationWidth: int32(5, 1),
    dilationHeight: int32(6, 1),
  }),
  TRANSPOSE_CONV: table(49, { ...window2d, activation: int8(3) }),
  CONV_3D: conv3d,
  CONV_3D_TRANSPOSE: conv3d,
  AVERAGE_POOL_2D: pool2d,
  MAX_POOL_2D: pool2d,
  L2_POOL_2D: pool2d,
  FULLY_CONNECTED: table(8, { activation: int8(0), keepsAxes: flag(2) }),
  BATCH_MATMUL: table(101, { transposeA: flag(0), transposeB: flag(1) }),
  SOFTMAX: table(9, { beta: float32(0) }),
  ADD: arithmetic(11),
  SUB: arithmetic(28),
  MUL: arithmetic(21),
  DIV: arithmetic(29),
  LEAKY_RELU: table(75, { alpha: float32(0) }),
  LOCAL_RESPONSE_NORMALIZATION: table(13, {
    radius: int32(0),
    bias: float32(1),
    alpha: float32(2),
    beta: float32(3),
  }),
  MEAN: reducer,
  SUM: reducer,
  REDUCE_MAX: reducer,
  REDUCE_MIN: reducer,
  REDUCE_PROD: reducer,
  REDUCE_ANY: reducer,
  REDUCE_ALL: reducer,
  ARG_MAX: argument(40),
  ARG_MIN: argument(57),
  RESHAPE: table(17, { shape: integers(0) }),
  CONCATENATION: table(10, { axis: int32(0), activation: int8(1) }),
  SPLIT: table(35, { count: int32(0) }),
  SPLIT_V: table(79, { count: int32(0) }),
  PACK: table(59, { axis: int32(1) }),
  UNPACK: table(64, { count: int32(0), axis: int32(1) }),
  SQUEEZE: table(30, { axes: integers(0) }),
  MIRROR_PAD: table(77, { mode: int8(0) }),
  ONE_HOT: table(61, { axis: int32(0) }),
  SPACE_TO_DEPTH: table(19, { blockSize: int32(0) }),
  DEPTH_TO_SPACE: table(94, { blockSize: int32(0) }),
  RESIZE_BILINEAR: table(15, { halfPixelCenters: flag(3) }),
  RESIZE_NEAREST_NEIGHBOR: table(74, { halfPixelCenters: flag(1) }),
  GATHER: table(23, { axis: int32(0), batchAxes: int32(1) }),
  STRIDED_SLICE: table(32, {
    beginMask: int32(0),
    endMask: int32(1),
    ellipsisMask: int32(2),
    newAxisMask: int32(3),
    shrinkAxisMask: int32(4),
    endIsOffset: int32(5),
  }),
  CALL: table(16, { subgraph: uint32(0) }),
  IF: table(92, { whenTrue: int32(0), whenFalse: int32(1) }),
  WHILE: table(93, { condition: int32(0), body: int32(1) }),
  STABLEHLO_COMPOSITE: table(21, { decomposition: int32(1) }, 2),
  UNIDIRECTIONAL_SEQUENCE_LSTM: table(71, { timeMajor: flag(3) }),
  BIDIRECTIONAL_SEQUENCE_LSTM: table(69, { mergesOutputs: flag(3), timeMajor: flag(4, 1) }),
  LSTM: table(14, { kernel: int8(3) }),
  UNIDIRECTIONAL_SEQUENCE_RNN: table(31, { timeMajor: flag(0) }),
  BIDIRECTIONAL_SEQUENCE_RNN: table(70, { timeMajor: flag(0), mergesOutputs: flag(2) }),
  SVDF: table(6, { rank: int32(0) }),
} as const;

/** A builtin operator whose options are known. */
export type OperatorWithOptions = keyof typeof OPTION_TABLES;

/** The options of a builtin operator. */
export type OptionsOf<O extends OperatorWithOptions> = OptionValues<
  (typeof OPTION_TABLES)[O]['fields']
>;

/** The option table of an operator by its name; undefined if nothing depends on its options. */
export function optionTable(op: string): OptionTable | undefined {
  return Object.hasOwn(OPTION_TABLES, op) ? OPTION_TABLES[op as OperatorWithOptions] : undefined;
}
