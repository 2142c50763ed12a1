import { log2 } from './features.ts';
import { type KernelDescription, macsOf, strideOf } from './kernel-description.ts';
import { KERNEL_KINDS, KIND } from './kernel-kind.ts';

/** What an adaptation tells kernels apart by, as far as it is known; a {@link KernelDescription} is one. */
export interface KernelConfiguration extends Partial<Omit<KernelDescription, 'kind'>> {
  /** Index into `KERNEL_KINDS`, or a name for predictors that do not describe kernels. */
  readonly kind: number | string;
}

/** A number of a kernel on which its latency on another device, in relation to the known one, may depend. */
export interface Size {
  readonly name: string;
  /** In units in which networks differ by about one; NaN if what it takes is not known. */
  readonly value: (kernel: KernelDescription) => number;
}

/** Of a grouped convolution; the same for all others, so that it counts for none of them. */
const ofGroup = (channels: number, { groups }: KernelDescription): number =>
  groups === 1 ? 1 : channels / groups;

const isNoMultiple = (channels: number, of: number): number => (channels % of === 0 ? 0 : 1);

const isPointwise = ({ kernelDepth, kernelHeight, kernelWidth }: KernelDescription): boolean =>
  kernelDepth * kernelHeight * kernelWidth === 1;

/** Extents as logarithms; what else decides which code a runtime chooses: alignment, stride, activation. */
export const SIZES: readonly Size[] = [
  { name: 'input channels', value: (k) => log2(k.channels) / 2.5 },
  { name: 'output channels', value: (k) => log2(k.outChannels) / 2.5 },
  { name: 'output pixels', value: (k) => log2(k.outDepth * k.outHeight * k.outWidth) / 3 },
  { name: 'input pixels', value: (k) => log2(k.depth * k.height * k.width) / 3 },
  { name: 'window', value: (k) => log2(k.kernelDepth * k.kernelHeight * k.kernelWidth) / 2 },
  { name: 'stride', value: (k) => strideOf(k) - 1 },
  { name: 'groups', value: (k) => log2(k.groups) / 2 },
  { name: 'input channels of a group', value: (k) => log2(ofGroup(k.channels, k)) / 2.5 },
  { name: 'output channels of a group', value: (k) => log2(ofGroup(k.outChannels, k)) / 2.5 },
  { name: 'input channels mod 4', value: (k) => isNoMultiple(k.channels, 4) },
  { name: 'output channels mod 4', value: (k) => isNoMultiple(k.outChannels, 4) },
  { name: 'input channels mod 16', value: (k) => isNoMultiple(k.channels, 16) / 2 },
  { name: 'output channels mod 16', value: (k) => isNoMultiple(k.outChannels, 16) / 2 },
  { name: 'channels of a group mod 16', value: (k) => isNoMultiple(k.channels / k.groups, 16) },
  { name: 'pointwise with stride', value: (k) => (isPointwise(k) && strideOf(k) > 1 ? 2 : 0) },
  { name: 'few output pixels', value: (k) => Math.max(0, 5 - log2(k.outHeight * k.outWidth)) / 2 },
  { name: 'fewer than 16 input channels', value: (k) => (k.channels < 16 ? 1 : 0) },
  { name: 'inputs', value: (k) => log2(k.inputs) },
  { name: 'inner channels', value: (k) => log2(k.inner) / 3 },
  { name: 'activation', value: (k) => k.activation / 1.5 },
  { name: 'input elements', value: (k) => log2(k.inputElements) / 6 },
  { name: 'output elements', value: (k) => log2(k.outputElements) / 6 },
  { name: 'MACs', value: (k) => log2(macsOf(k)) / 8 },
];

/**
 * Name of a kernel's kind. Grouped convolutions are one by themselves: runtimes have other code for them, such as the
 * plain loops of TensorFlow Lite's CPU kernels.
 */
export function kindName({ kind, groups = 1 }: KernelConfiguration): string {
  if (typeof kind === 'string') return kind;
  return kind === KIND.conv && groups > 1 ? 'grouped conv' : KERNEL_KINDS[kind]!;
}
