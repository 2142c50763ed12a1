import { roundUp } from './arithmetic.ts';
import {
  hasAdd,
  type KernelDescription,
  macsOf,
  strideOf,
  windowOf,
} from './kernel-description.ts';
import { weightElements } from './physics.ts';
import { binaryLogarithm } from './powers.ts';

/** One number of a kernel that the tree correction sees. */
export interface Feature<Quantities> {
  /** Weights carry a hash of all names: another formula, another name. */
  readonly name: string;
  readonly value: (quantities: Quantities) => number;
}

/** What the tree correction sees of a kernel; the order is part of the weights format. */
export interface FeatureTable {
  readonly names: readonly string[];
  /** Writes a kernel's features to `out[offset], out[offset + step], ...`. */
  fill(kernel: KernelDescription, out: Float32Array, offset?: number, step?: number): void;
}

/** @param quantitiesOf reads what the features are made of */
export function compileFeatures<Quantities>(
  features: readonly Feature<Quantities>[],
  quantitiesOf: (kernel: KernelDescription) => Quantities,
): FeatureTable {
  const values = features.map(({ value }) => value);
  return {
    names: features.map(({ name }) => name),
    fill(kernel, out, offset = 0, step = 1) {
      const quantities = quantitiesOf(kernel);
      for (let index = 0; index < values.length; index++)
        out[offset + index * step] = values[index]!(quantities);
    },
  };
}

/** Binary logarithm of one more, 0 for 0. */
export const log2 = (value: number): number => binaryLogarithm(1 + value);

/** Pixels written of one image. */
export const outPixelsOf = (k: KernelDescription): number => k.outDepth * k.outHeight * k.outWidth;

const inPixelsOf = (k: KernelDescription): number => k.depth * k.height * k.width;

/** What matters on any device: extents, and how they fit registers and texels. Work is that of one image. */
const KERNEL_FEATURES: readonly Feature<KernelDescription>[] = [
  { name: 'kind', value: (k) => k.kind },
  { name: 'window side', value: (k) => Math.sqrt(k.kernelHeight * k.kernelWidth) },
  { name: 'stride', value: strideOf },
  { name: 'output side', value: (k) => Math.sqrt(k.outHeight * k.outWidth) },
  { name: 'input channels', value: (k) => k.channels },
  { name: 'output channels', value: (k) => k.outChannels },
  { name: 'log2 MACs', value: (k) => log2(macsOf(k) / k.batch) },
  { name: 'log2 weights', value: (k) => log2(weightElements(k)) },
  {
    name: 'log2 im2col elements',
    value: (k) => log2((outPixelsOf(k) * windowOf(k) * k.channels) / k.groups),
  },
  { name: 'log2 output elements', value: (k) => log2(outPixelsOf(k) * k.outChannels) },
  { name: 'log2 input elements', value: (k) => log2(inPixelsOf(k) * k.channels) },
  { name: 'activation', value: (k) => k.activation },
  { name: 'add', value: (k) => (hasAdd(k) ? 1 : 0) },
  { name: 'inputs', value: (k) => k.inputs },
  { name: 'input channel padding', value: (k) => roundUp(k.channels, 4) / Math.max(1, k.channels) },
  {
    name: 'output channel padding',
    value: (k) => roundUp(k.outChannels, 8) / Math.max(1, k.outChannels),
  },
  { name: 'input channels mod 4', value: (k) => k.channels % 4 },
  { name: 'output channels mod 8', value: (k) => k.outChannels % 8 },
  { name: 'inner channels', value: (k) => k.inner },
];

export const kernelFeatures = compileFeatures(KERNEL_FEATURES, (kernel) => kernel);
