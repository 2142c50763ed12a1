import {
  compileFeatures,
  type FeatureTable,
  kernelFeatures,
  log2,
  outPixelsOf,
} from './features.ts';
import type { KernelDescription } from './kernel-description.ts';
import { KIND } from './kernel-kind.ts';
import type { TilePlan } from './tile-plan.ts';
import { tilePlanOf } from './tile-plans.ts';

interface Planned {
  readonly kernel: KernelDescription;
  /** Undefined for all but the convolutions that the fixed-function unit runs. */
  readonly plan: TilePlan | undefined;
}

const tileFeatures = compileFeatures<Planned>(
  [
    { name: 'input channel tiles', value: ({ plan }) => plan?.channelTiles ?? 0 },
    {
      name: 'spatial tiles',
      value: ({ plan }) => (plan === undefined ? 0 : plan.widthTiles * plan.heightTiles),
    },
    { name: 'tile mode', value: ({ plan }) => plan?.mode ?? -1 },
    { name: 'log2 cycles', value: ({ plan }) => log2(plan?.cycles ?? 0) },
    { name: 'descriptors', value: ({ plan }) => plan?.descriptors ?? 0 },
    {
      name: 'junk share',
      value: ({ kernel, plan }) =>
        plan === undefined ? 0 : plan.pixels / (outPixelsOf(kernel) * plan.channelTiles),
    },
  ],
  (kernel) => ({ kernel, plan: kernel.kind === KIND.conv ? tilePlanOf(kernel) : undefined }),
);

/** The features of any device, and how Myriad X cuts a convolution into tiles. */
export const vpuFeatures: FeatureTable = {
  names: [...kernelFeatures.names, ...tileFeatures.names],
  fill(kernel, out, offset = 0, step = 1) {
    kernelFeatures.fill(kernel, out, offset, step);
    tileFeatures.fill(kernel, out, offset + kernelFeatures.names.length * step, step);
  },
};
