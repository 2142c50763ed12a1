import { roundUp } from './arithmetic.ts';
import type { DeviceFamilyName } from './device-families.ts';
import { type KernelDescription, macsOf } from './kernel-description.ts';
import { KIND } from './kernel-kind.ts';
import { weightElements } from './physics.ts';
import { tilePlanOf } from './terms-vpu.ts';

/** What the tree correction sees of a kernel, in order; the order is part of the weights format. */
export const CORRECTION_FEATURES = [
  'kind',
  'window side',
  'stride',
  'output side',
  'input channels',
  'output channels',
  'log2 MACs',
  'log2 weights',
  'log2 im2col elements',
  'log2 output elements',
  'log2 input elements',
  'activation',
  'what an add follows',
  'inputs',
  'input channel padding',
  'output channel padding',
  'input channels mod 4',
  'output channels mod 8',
  'inner channels',
  'input channel tiles',
  'spatial tiles',
  'tile mode',
  'log2 cycles',
  'descriptors',
  'junk share',
] as const;

const TILE_FEATURES = 6;

/** Number of features of a device family: only the VPU has tile plans. */
export function featureCount(family: DeviceFamilyName): number {
  return CORRECTION_FEATURES.length - (family === 'vpu' ? 0 : TILE_FEATURES);
}

const log2 = (value: number): number => Math.log2(1 + value);

/** Writes the features of a kernel to `out[offset], out[offset + step], ...`. */
export function fillFeatures(
  kernel: KernelDescription,
  family: DeviceFamilyName,
  out: Float32Array,
  offset = 0,
  step = 1,
): void {
  const k = kernel;
  const window = k.kernelDepth * k.kernelHeight * k.kernelWidth;
  const outPixels = k.outDepth * k.outHeight * k.outWidth;
  const inPixels = k.depth * k.height * k.width;
  let at = offset;
  const put = (value: number): void => {
    out[at] = value;
    at += step;
  };
  put(k.kind);
  put(Math.sqrt(k.kernelHeight * k.kernelWidth));
  put(Math.max(k.strideHeight, k.strideWidth));
  put(Math.sqrt(k.outHeight * k.outWidth));
  put(k.channels);
  put(k.outChannels);
  put(log2(macsOf(k) / k.batch));
  put(log2(weightElements(k)));
  put(log2((outPixels * window * k.channels) / k.groups));
  put(log2(outPixels * k.outChannels));
  put(log2(inPixels * k.channels));
  put(k.activation);
  put(k.addFollows);
  put(k.inputs);
  put(roundUp(k.channels, 4) / Math.max(1, k.channels));
  put(roundUp(k.outChannels, 8) / Math.max(1, k.outChannels));
  put(k.channels % 4);
  put(k.outChannels % 8);
  put(k.inner);
  if (family !== 'vpu') return;
  const plan = k.kind === KIND.conv ? tilePlanOf(k) : undefined;
  put(plan?.channelTiles ?? 0);
  put(plan === undefined ? 0 : plan.widthTiles * plan.heightTiles);
  put(plan?.mode ?? -1);
  put(log2(plan?.cycles ?? 0));
  put(plan?.descriptors ?? 0);
  put(plan === undefined ? 0 : plan.pixels / (outPixels * plan.channelTiles));
}
