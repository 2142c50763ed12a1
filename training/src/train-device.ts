import { type BoostingProgress, trainAggregatedBoosting } from '@nnmeter/forest';
import {
  configurationCell,
  deviceFamilies,
  featureCount,
  fillFeatures,
  KERNEL_KINDS,
  KernelModel,
  kernelFloor,
  type LatencyModelWeights,
  LIMITS_PER_KIND,
} from '@nnmeter/predictor';
import type { Anchor } from './anchors.ts';
import type { DeviceData } from './benchmark.ts';
import { fitBase } from './fit-base.ts';
import type { KernelSet } from './kernel-set.ts';
import { measureThroughput } from './throughput.ts';

export interface TrainingOptions {
  /** Trees of the correction; 0 for the base alone. Default 150. */
  readonly rounds?: number;
  readonly anchors?: readonly Anchor[];
  readonly onProgress?: (progress: BoostingProgress) => void;
}

/** Weight of one anchor in the base fit, in models. */
const ANCHOR_WEIGHT = 3;
/** A kind counts as measured if at least this many training models run it. */
const LEAST_MODELS = 20;

/** Trains the latency model of a device on the models that `isTraining` lets through. */
export function trainDevice(
  data: DeviceData,
  isTraining: (model: number) => boolean,
  options: TrainingOptions = {},
): LatencyModelWeights {
  const { device, set, measured } = data;
  const models = measured.length;
  const weight = Float64Array.from(measured, (ms, model) => (ms > 0 && isTraining(model) ? 1 : 0));
  const terms = termsOfKernels(set, device.family);
  const coefficients = fitCoefficients(data, weight, terms, options.anchors ?? []);
  const seen = whatTrainingSaw(set, weight);
  const weights: LatencyModelWeights = {
    family: device.family,
    constantMs: 0,
    coefficients,
    ...seen,
    throughput: { macsPerMs: 1, vectorPerMs: 1, bytesPerMs: 1 },
    interval: null,
    forest: null,
  };
  const base = {
    ...weights,
    throughput: measureThroughput(new KernelModel(weights), device.family),
  };
  const rounds = options.rounds ?? 150;
  if (rounds === 0) return base;

  const model = new KernelModel(base);
  const features = new Float32Array(set.kernels.length * featureCount(device.family));
  const baseTime = new Float64Array(set.kernels.length);
  for (const [index, kernel] of set.kernels.entries()) {
    fillFeatures(kernel, device.family, features, index, set.kernels.length);
    baseTime[index] = model.latency(kernel);
  }
  const { forest } = trainAggregatedBoosting(
    {
      features,
      featureCount: featureCount(device.family),
      baseTime,
      modelStart: set.modelStart,
      kernelIndex: set.kernelIndex,
      uses: set.uses,
      measured: measured.map((ms) => (ms > 0 ? ms : 1)),
      constant: new Float64Array(models),
      modelWeight: weight,
    },
    { rounds, ...(options.onProgress && { onProgress: options.onProgress }) },
  );
  return { ...base, forest };
}

interface KernelTerms {
  readonly count: number;
  /** kernels x count */
  readonly values: Float64Array;
  /** ms, by kernel */
  readonly floor: Float64Array;
}

function termsOfKernels(set: KernelSet, family: DeviceData['device']['family']): KernelTerms {
  const { terms, physics } = deviceFamilies[family];
  const count = terms.names.length;
  const values = new Float64Array(set.kernels.length * count);
  for (const [index, kernel] of set.kernels.entries())
    terms.fill(kernel, values.subarray(index * count, (index + 1) * count));
  const floor = Float64Array.from(set.kernels, (kernel) => kernelFloor(kernel, physics));
  return { count, values, floor };
}

function fitCoefficients(
  { device, set, measured }: DeviceData,
  weight: Float64Array,
  terms: KernelTerms,
  anchors: readonly Anchor[],
): Float64Array {
  const rows = measured.length + anchors.length;
  const sums = new Float64Array(rows * terms.count);
  const offset = new Float64Array(rows);
  for (let model = 0; model < measured.length; model++) {
    for (let entry = set.modelStart[model]!; entry < set.modelStart[model + 1]!; entry++) {
      const kernel = set.kernelIndex[entry]!;
      const uses = set.uses[entry]!;
      offset[model]! += uses * terms.floor[kernel]!;
      for (let term = 0; term < terms.count; term++)
        sums[model * terms.count + term]! += uses * terms.values[kernel * terms.count + term]!;
    }
  }
  const family = deviceFamilies[device.family];
  for (const [index, anchor] of anchors.entries()) {
    const row = measured.length + index;
    offset[row] = kernelFloor(anchor.kernel, family.physics);
    family.terms.fill(anchor.kernel, sums.subarray(row * terms.count, (row + 1) * terms.count));
  }
  return fitBase({
    models: rows,
    terms: terms.count,
    sums,
    offset,
    measured: concat(
      measured,
      anchors.map(({ ms }) => ms),
    ),
    weight: concat(
      weight,
      anchors.map(() => ANCHOR_WEIGHT),
    ),
    prior: new Float64Array(terms.count),
  });
}

function concat(head: Float64Array, tail: readonly number[]): Float64Array {
  const joined = new Float64Array(head.length + tail.length);
  joined.set(head);
  joined.set(tail, head.length);
  return joined;
}

/** Kinds, extents and configurations that occur in the models with weight. */
function whatTrainingSaw(
  set: KernelSet,
  weight: Float64Array,
): Pick<LatencyModelWeights, 'measured' | 'limits' | 'sides' | 'cells'> {
  const modelsOfKind = new Uint32Array(KERNEL_KINDS.length);
  const limits = new Float32Array(KERNEL_KINDS.length * LIMITS_PER_KIND);
  const sides = new Set<number>();
  const cells = new Set<number>();
  for (let model = 0; model < weight.length; model++) {
    if (weight[model] === 0) continue;
    const kinds = new Set<number>();
    for (let entry = set.modelStart[model]!; entry < set.modelStart[model + 1]!; entry++) {
      const kernel = set.kernels[set.kernelIndex[entry]!]!;
      kinds.add(kernel.kind);
      sides.add(Math.max(kernel.height, kernel.width));
      cells.add(configurationCell(kernel));
      const at = kernel.kind * LIMITS_PER_KIND;
      limits[at] = Math.max(limits[at]!, kernel.channels);
      limits[at + 1] = Math.max(limits[at + 1]!, kernel.outChannels);
      limits[at + 2] = Math.max(limits[at + 2]!, kernel.kernelHeight, kernel.kernelWidth);
    }
    for (const kind of kinds) modelsOfKind[kind]!++;
  }
  const ascending = (values: ReadonlySet<number>): number[] => [...values].sort((a, b) => a - b);
  return {
    measured: Uint8Array.from(modelsOfKind, (models) => (models >= LEAST_MODELS ? 1 : 0)),
    limits,
    sides: Uint16Array.from(ascending(sides).filter((side) => side < 65536)),
    cells: Uint32Array.from(ascending(cells)),
  };
}
