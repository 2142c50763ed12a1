import type { KernelDescription } from './kernel-description.ts';
import { planTiles, type TilePlan } from './tile-plan.ts';

/** Plans depend on few numbers and are asked for again and again; all are dropped at the limit. */
const PLANS = new Map<string, TilePlan | undefined>();
const MAX_PLANS = 50_000;

/**
 * The tile plan of a convolution kernel, remembered by configuration; undefined if the unit cannot run it and software
 * must.
 */
export function tilePlanOf(kernel: KernelDescription): TilePlan | undefined {
  const k = kernel;
  if (k.kernelDepth > 1 || k.dilation > 1) return undefined;
  const channels = k.channels / k.groups;
  const outChannels = k.outChannels / k.groups;
  const key = `${k.width},${k.height},${channels},${k.outWidth},${k.outHeight},${outChannels},${k.kernelWidth},${k.kernelHeight},${k.strideWidth},${k.strideHeight},${k.readByPoolingOnly}`;
  let plan = PLANS.get(key);
  if (plan === undefined && !PLANS.has(key)) {
    plan = planTiles({
      width: k.width,
      height: k.height,
      channels,
      outWidth: k.outWidth,
      outHeight: k.outHeight,
      outChannels,
      kernelWidth: k.kernelWidth,
      kernelHeight: k.kernelHeight,
      strideWidth: k.strideWidth,
      strideHeight: k.strideHeight,
      pooled: k.readByPoolingOnly === 1,
    });
    if (PLANS.size >= MAX_PLANS) PLANS.clear();
    PLANS.set(key, plan);
  }
  return plan;
}
