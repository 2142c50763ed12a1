import type { Layout, Shape, Tensor } from '@nnmeter/ir';
import type { AxisOrder, Flattened } from './axis-order.ts';

const SPATIAL = ['', 'W', 'HW', 'DHW'];

/**
 * The axes of a convolution's weight in the order of a format, given by letters: `OIHW`, `OHWI`. Of a depthwise weight with
 * a multiplier (HWCM) the results O are channels by multiplier, and I is left out.
 */
export function filterOrder({ layout, shape = [] }: Tensor, wanted: string): AxisOrder {
  const own = layout ?? `${SPATIAL[shape.length - 2]}IO`;
  if (own !== 'HWCM') return [...wanted].map((letter) => own.indexOf(letter));
  return [...wanted].flatMap((letter) =>
    letter === 'O' ? [2, 3] : letter === 'I' ? [] : own.indexOf(letter),
  );
}

/**
 * The same of a transposed convolution, I being the channels of its operand: ONNX has them first, whatever the letters say;
 * TensorFlow has them last, which only their number tells from our own order.
 */
export function transposedFilterOrder(
  { layout = 'HWIO', shape = [] }: Pick<Tensor, 'layout' | 'shape'>,
  operandChannels: number,
  wanted: string,
): AxisOrder {
  const own = transposedLetters(layout, shape, operandChannels);
  return [...wanted].map((letter) => own.indexOf(letter));
}

function transposedLetters(
  layout: Layout,
  shape: readonly number[],
  operandChannels: number,
): string {
  if (layout === 'OHWI') return layout;
  const spatial = SPATIAL[shape.length - 2] ?? '';
  if (layout.startsWith('O')) return `IO${spatial}`;
  const isLast = shape.at(-2) !== operandChannels && shape.at(-1) === operandChannels;
  return `${spatial}${isLast ? 'OI' : 'IO'}`;
}

/** A dense layer's matrix as its graph has it, and as a format wants it. */
export interface DenseMatrix {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Whether the graph has it as [out, in]. */
  readonly isOutFirst: boolean;
  /** Whether the format has it as [out, in]. */
  readonly wantsOutFirst: boolean;
  /** Where the operand's features are in the order of an image. */
  readonly image: Flattened | undefined;
}

/** The shape of the matrix's elements with the features as an image, and the order in which they are written. */
export function matrixForm(matrix: DenseMatrix): {
  readonly from: Shape;
  readonly order: AxisOrder;
} {
  const { inFeatures, outFeatures, isOutFirst, wantsOutFirst } = matrix;
  const { shape, order } = matrix.image ?? { shape: [inFeatures], order: [0] };
  const from = isOutFirst ? [outFeatures, ...shape] : [...shape, outFeatures];
  const results = isOutFirst ? 0 : shape.length;
  const features = order.map((axis) => (isOutFirst ? axis + 1 : axis));
  return { from, order: wantsOutFirst ? [results, ...features] : [...features, results] };
}
