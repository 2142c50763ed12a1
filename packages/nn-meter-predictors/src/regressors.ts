import { type Forest, LEAF } from '@nnmeter/forest';
import { NnMeterError } from '@nnmeter/ir';
import type { NnMeterKernel } from './detect/detect.ts';
import { nnMeterFeatures, nnMeterRegressor } from './detect/features.ts';

/** Random forests by the kernel they cost: `conv-bn-relu`, `fc`, ... */
export type Regressors = ReadonlyMap<string, Forest>;

/** Number of features nn-Meter gives to each of its regressors. */
const FEATURE_COUNTS: Readonly<Record<string, number>> = {
  'conv-bn-relu': 7,
  'dwconv-bn-relu': 7,
  fc: 4,
  maxpool: 5,
  avgpool: 5,
  'global-avgpool': 2,
  channelshuffle: 2,
  split: 2,
  se: 2,
  concat: 6,
  hswish: 2,
  bn: 2,
  relu: 2,
  bnrelu: 2,
  add: 3,
  addrelu: 3,
};

/** nn-Meter's builder trains concat without the number of inputs: [h, c1, c2, c3, c4]. */
const BUILDER_CONCAT = 5;

/** Whether nn-Meter ever asks a forest of this name. */
export function isRegressorName(name: string): boolean {
  return Object.hasOwn(FEATURE_COUNTS, name);
}

/**
 * @throws NnMeterError E_UNSUPPORTED_FORMAT if the forest was trained on other features than nn-Meter computes, E_WEIGHTS
 * if it predicts negative latencies
 */
export function checkRegressor(name: string, forest: Forest, where: string): void {
  if (forest.value.some((value, node) => value < 0 && forest.feature[node] === LEAF)) {
    throw new NnMeterError('E_WEIGHTS', `${where} predicts latencies below 0 ms`);
  }
  const expected = FEATURE_COUNTS[name];
  if (forest.featureCount === expected) return;
  if (name === 'concat' && forest.featureCount === BUILDER_CONCAT) return;
  throw new NnMeterError(
    'E_UNSUPPORTED_FORMAT',
    `${where} takes ${forest.featureCount} features, nn-Meter computes ${expected} for ${name}`,
  );
}

/** Latency of a kernel, ms; undefined if nn-Meter has no features for it, or the device no forest. */
export function kernelLatency(kernel: NnMeterKernel, regressors: Regressors): number | undefined {
  const name = nnMeterRegressor(kernel.name);
  const forest = regressors.get(name);
  if (forest === undefined) return undefined;
  const features = nnMeterFeatures(kernel);
  if (features === undefined) return undefined;
  const isBuilderConcat = name === 'concat' && forest.featureCount === BUILDER_CONCAT;
  return forest.predict(isBuilderConcat ? features.toSpliced(1, 1) : features);
}
