import type { Layout, Operation, Shape } from '@nnmeter/ir';
import type { NodeContext } from './node-context.ts';

/** The weight of a convolution or matrix product, of which the format notes the shape at most. */
export function weightTensor(
  { op, attributes }: Operation,
  context: NodeContext,
): { shape: Shape; layout: Layout } | undefined {
  const noted = Array.isArray(context.raw.weight_shape) ? context.raw.weight_shape : undefined;
  const input = context.inputs[0]?.at(op === 'fc' && attributes.transposeA ? -2 : -1);
  if (op === 'fc') {
    const output = context.outputs[0]?.at(-1) ?? noted?.at(-1);
    const inputs = input ?? noted?.[0];
    if (inputs === undefined || output === undefined) return undefined;
    return attributes.transposeB
      ? { shape: [output, inputs], layout: 'OI' }
      : { shape: [inputs, output], layout: 'IO' };
  }
  if (op !== 'conv' && op !== 'dwconv' && op !== 'convtranspose') return undefined;
  const { kernelShape, group } = attributes;
  const output = context.outputs[0]?.at(-1) ?? notedOutputs(op, noted);
  const channels = input ?? (noted?.at(-2) ?? 0) * group;
  const layout = CONVOLUTION_LAYOUTS[kernelShape.length];
  if (channels === 0 || output === undefined || layout === undefined) return undefined;
  if (op === 'dwconv' && layout === 'HWIO') {
    const multiplier = Math.max(1, Math.round(output / channels));
    return { shape: [...kernelShape, channels, multiplier], layout: 'HWCM' };
  }
  return {
    shape:
      op === 'convtranspose'
        ? [...kernelShape, channels, Math.ceil(output / group)]
        : [...kernelShape, Math.ceil(channels / group), output],
    layout,
  };
}

/** Output channels of a weight in the format's order; a depthwise one has [..., channels, multiplier]. */
function notedOutputs(
  op: 'conv' | 'dwconv' | 'convtranspose',
  noted: readonly number[] | undefined,
) {
  const last = noted?.at(-1);
  return op === 'dwconv' && last !== undefined ? last * (noted?.at(-2) ?? 1) : last;
}

/** By number of spatial axes. */
const CONVOLUTION_LAYOUTS: readonly (Layout | undefined)[] = [undefined, 'WIO', 'HWIO', 'DHWIO'];
