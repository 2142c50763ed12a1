import { isJsonObject } from '@nnmeter/ir';
import type { KernelConfiguration } from './adaptation-features.ts';
import { hasElements, type KernelDescription } from './kernel-description.ts';
import { weightElements } from './physics.ts';

/**
 * What caches do not hold from one run to the next is read from memory again: the weights of a network beyond so many MB.
 * Several of them add up.
 */
export interface WeightReload {
  /** MB (1e6 bytes), in float32. */
  readonly beyondMB: number;
  readonly msPerMB: number;
}

/** Whether what comes from a file is one. */
export function isWeightReload(value: unknown): value is WeightReload {
  if (!isJsonObject(value)) return false;
  return [value.beyondMB, value.msPerMB].every(
    (figure) => typeof figure === 'number' && figure >= 0 && figure <= MAX_FIGURE,
  );
}

/** Time in every run in which weights are read again, ms. @param networkMB weights of the network in float32 */
export function reloadMs(reloads: readonly WeightReload[], networkMB: number): number {
  return reloads.reduce(
    (sum, { beyondMB, msPerMB }) => sum + msPerMB * Math.max(0, networkMB - beyondMB),
    0,
  );
}

/** Nothing that is computed with it can overflow. */
const MAX_FIGURE = 1e15;

const FLOAT32_MB = 4e-6;

/**
 * Weights of a kernel that are read, in float32, MB: a window that is larger than the image has some that never meet it. 0
 * where nothing is known of them, or there is nothing to compute.
 */
export function weightMB(configuration: KernelConfiguration): number {
  const kernel = configuration as KernelDescription;
  const isKnown = typeof configuration.kind === 'number' && hasElements(kernel);
  return isKnown ? FLOAT32_MB * weightElements(kernel) * shareOnImage(kernel) : 0;
}

function shareOnImage(kernel: KernelDescription): number {
  const { height, width, outHeight, outWidth, kernelHeight, kernelWidth } = kernel;
  const { strideHeight, strideWidth, dilation } = kernel;
  return (
    rowsOnImage(height, outHeight, kernelHeight, strideHeight, dilation) *
    rowsOnImage(width, outWidth, kernelWidth, strideWidth, dilation)
  );
}

/** The share of a window's rows that meet the image somewhere, if the padding is the same on both sides. */
function rowsOnImage(
  extent: number,
  places: number,
  window: number,
  stride: number,
  dilation: number,
): number {
  const last = (places - 1) * stride;
  const before = Math.max(0, Math.floor((last + dilation * (window - 1) + 1 - extent) / 2));
  // Row r meets the image at the first place from r * dilation - before on, at the last one up to the image's end.
  const first = Math.max(0, Math.ceil((before - last) / dilation));
  const end = Math.min(window, Math.ceil((extent + before) / dilation));
  return window > 1 ? Math.max(0, end - first) / window : 1;
}
