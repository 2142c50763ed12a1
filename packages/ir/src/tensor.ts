/** Element types, named as in ONNX and NumPy. `unknown` where a format does not say (nn-Meter IR). */
export type DataType =
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'float64'
  | 'float8'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'int4'
  | 'uint64'
  | 'uint32'
  | 'uint16'
  | 'uint8'
  | 'uint4'
  | 'bool'
  | 'complex64'
  | 'complex128'
  | 'string'
  | 'unknown';

const BYTES_PER_ELEMENT: Record<DataType, number> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  float64: 8,
  float8: 1,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  int4: 0.5,
  uint64: 8,
  uint32: 4,
  uint16: 2,
  uint8: 1,
  uint4: 0.5,
  bool: 1,
  complex64: 8,
  complex128: 16,
  string: 0,
  unknown: 4,
};

/** Size of one element in bytes; `unknown` counts as float32, strings as 0. */
export function bytesPerElement(dataType: DataType): number {
  return BYTES_PER_ELEMENT[dataType];
}

/** Whether a name is one of the {@link DataType}s. */
export function isDataType(name: string): name is DataType {
  return Object.hasOwn(BYTES_PER_ELEMENT, name);
}

/** Every dimension known: non-negative safe integers; `[]` is a scalar. */
export type Shape = readonly number[];

/** A shape that a model's file states; extents it leaves open are undefined, or -1 as in TensorFlow. */
export type StatedShape = readonly (number | undefined)[];

/** Whether a stated shape says nothing else than a known one. */
export function agrees(stated: StatedShape, known: Shape): boolean {
  if (stated.length !== known.length) return false;
  for (let axis = 0; axis < stated.length; axis++) {
    const extent = stated[axis];
    if (extent !== undefined && extent !== -1 && extent !== known[axis]) return false;
  }
  return true;
}

/**
 * The meaning of each axis. Activations: `NCHW`, `NHWC` and their 1-D and 3-D forms. Convolution weights:
 * `OIHW` (ONNX), `HWIO` (TensorFlow), `HWCM` (TensorFlow depthwise: channels, multiplier), `OHWI` and `IHWO` (TFLite, and
 * its depthwise ones), and their 1-D and 3-D forms (`OIW`, `OIDHW`, ...). Fully connected weights: `OI` or `IO`.
 */
export type Layout =
  | 'NCHW'
  | 'NHWC'
  | 'NCW'
  | 'NWC'
  | 'NCDHW'
  | 'NDHWC'
  | 'OIHW'
  | 'HWIO'
  | 'HWCM'
  | 'OHWI'
  | 'IHWO'
  | 'OIW'
  | 'WIO'
  | 'OIDHW'
  | 'DHWIO'
  | 'OI'
  | 'IO';

export type TensorKind = 'input' | 'constant' | 'activation';

export interface Tensor {
  readonly name: string;
  readonly kind: TensorKind;
  readonly dataType: DataType;
  /** Absent where it could not be inferred. Axes are in the order of the source model. */
  readonly shape?: Shape;
  /** Absent where axes have no image meaning (matrices, shapes, attention heads). */
  readonly layout?: Layout;
  /** Values of small constants only (scalars, shape vectors); model weights are never kept. */
  readonly values?: readonly number[];
}

/** A tensor whose shape is known. */
export type ShapedTensor = Tensor & { readonly shape: Shape };

/** Number of elements; 1 for a scalar. */
export function elementCount(shape: Shape): number {
  let count = 1;
  for (const dimension of shape) count *= dimension;
  return count;
}

/** Axes of an activation in image terms; sides a tensor does not have are 1. */
export interface ImageDimensions {
  readonly batch: number;
  readonly depth: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * Reads an activation's shape in image terms. With a layout, by its letters; without one the last axis is channels,
 * the one before it width, then height, depth and batch (a `[N, C]` matrix is a 1x1 image; a token sequence
 * `[N, L, C]` is an image of height 1 and width L; axes before the fifth last count as batch).
 */
export function imageDimensions(shape: Shape, layout?: Layout): ImageDimensions {
  const rank = shape.length;
  if (rank === 4 && (layout === 'NCHW' || layout === 'NHWC' || layout === undefined)) {
    // Nearly all tensors; without closures, since detection asks for every one.
    const first = layout === 'NCHW' ? 2 : 1;
    return {
      batch: shape[0]!,
      depth: 1,
      height: shape[first]!,
      width: shape[first + 1]!,
      channels: shape[layout === 'NCHW' ? 1 : 3]!,
    };
  }
  if (layout !== undefined && layout.length === rank) {
    const at = (letter: string): number => {
      const axis = layout.indexOf(letter);
      return axis < 0 ? 1 : shape[axis]!;
    };
    return {
      batch: at('N'),
      depth: at('D'),
      height: at('H'),
      width: at('W'),
      channels: at('C'),
    };
  }
  const fromEnd = (offset: number): number => shape[rank - offset] ?? 1;
  if (rank <= 2) {
    return { batch: fromEnd(2), depth: 1, height: 1, width: 1, channels: fromEnd(1) };
  }
  let batch = 1;
  for (let axis = 0; axis < rank - 4; axis++) batch *= shape[axis]!;
  const [depth, height] =
    rank === 3 ? [1, 1] : rank === 4 ? [1, fromEnd(3)] : [fromEnd(4), fromEnd(3)];
  if (rank <= 4) batch = shape[0]!;
  return { batch, depth, height, width: fromEnd(2), channels: fromEnd(1) };
}
