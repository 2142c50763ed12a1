import {
  type BoostingOptions,
  type BoostingProgress,
  trainAggregatedBoosting,
} from '@nnmeter/forest';
import {
  configurationCell,
  type DeviceFamilyName,
  deviceFamilies,
  featureCount,
  fillFeatures,
  KERNEL_KINDS,
  KernelModel,
  kernelFloor,
  type LatencyModelWeights,
  LIMITS_PER_KIND,
} from '@nnmeter/latency-model';
import type { Anchor } from './anchors.ts';
import type { DeviceData } from './benchmark.ts';
import { fitBase } from './fit-base.ts';
import type { KernelSet } from './kernel-set.ts';
import { measureThroughput } from './throughput.ts';

export interface TrainingOptions {
  /** Trees of the correction; 0 for the base alone. Default by device family. */
  readonly rounds?: number;
  readonly anchors?: readonly Anchor[];
  /** False fits the terms without the kernels' physical floors, for comparison. */
  readonly floors?: boolean;
  readonly onProgress?: (progress: BoostingProgress) => void;
}

/**
 * Trees by device family, chosen on folds of the training models and confirmed on the family protocol. The CPU's errors
 * have a second hump 8 % up, networks of a slower run, that may not pull too hard.
 */
const BOOSTING: Readonly<Record<DeviceFamilyName, BoostingOptions>> = {
  cpu: { clipError: 0.1 },
  gpu: { lambda: 5 },
  vpu: { lambda: 5 },
};

/** A kind counts as measured if at least this many training models run it, or an anchor measures it alone. */
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
  const terms = termsOfKernels(set, device.family, options.floors ?? true);
  const { coefficients, constantMs } = fitCoefficients(data, weight, terms, options.anchors ?? []);
  const seen = whatTrainingSaw(set, weight, options.anchors ?? []);
  const weights: LatencyModelWeights = {
    family: device.family,
    constantMs,
    coefficients,
    ...seen,
    throughput: { launchMs: 0, macsPerMs: 1, vectorPerMs: 1, bytesPerMs: 1 },
    interval: null,
    forest: null,
  };
  const base = {
    ...weights,
    throughput: measureThroughput(new KernelModel(weights), device.family),
  };
  if (options.rounds === 0) return base;

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
      constant: new Float64Array(models).fill(base.constantMs),
      modelWeight: weight,
    },
    {
      ...BOOSTING[device.family],
      ...(options.rounds !== undefined && { rounds: options.rounds }),
      ...(options.onProgress && { onProgress: options.onProgress }),
    },
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

function termsOfKernels(set: KernelSet, family: DeviceFamilyName, floors: boolean): KernelTerms {
  const { terms, physics } = deviceFamilies[family];
  const count = terms.names.length;
  const values = new Float64Array(set.kernels.length * count);
  for (const [index, kernel] of set.kernels.entries())
    terms.fill(kernel, values.subarray(index * count, (index + 1) * count));
  const floor = Float64Array.from(set.kernels, (kernel) =>
    floors ? kernelFloor(kernel, physics) : 0,
  );
  return { count, values, floor };
}

/** Fits the coefficients of the terms, and the constant as one more term that every model has once. */
function fitCoefficients(
  { device, set, measured }: DeviceData,
  weight: Float64Array,
  terms: KernelTerms,
  anchors: readonly Anchor[],
): Pick<LatencyModelWeights, 'coefficients' | 'constantMs'> {
  const rows = measured.length + anchors.length;
  const columns = terms.count + 1;
  const sums = new Float64Array(rows * columns);
  const offset = new Float64Array(rows);
  for (let model = 0; model < measured.length; model++) {
    const row = model * columns;
    sums[row + terms.count] = 1;
    for (let entry = set.modelStart[model]!; entry < set.modelStart[model + 1]!; entry++) {
      const kernel = set.kernelIndex[entry]!;
      const uses = set.uses[entry]!;
      offset[model]! += uses * terms.floor[kernel]!;
      for (let term = 0; term < terms.count; term++)
        sums[row + term]! += uses * terms.values[kernel * terms.count + term]!;
    }
  }
  const family = deviceFamilies[device.family];
  for (const [index, anchor] of anchors.entries()) {
    const row = measured.length + index;
    offset[row] = kernelFloor(anchor.kernel, family.physics);
    family.terms.fill(anchor.kernel, sums.subarray(row * columns, (row + 1) * columns - 1));
  }
  const fitted = fitBase({
    models: rows,
    terms: columns,
    sums,
    offset,
    measured: concat(
      measured,
      anchors.map(({ ms }) => ms),
    ),
    weight: concat(
      weight,
      anchors.map((anchor) => anchor.weight),
    ),
    alike: family.terms.alike ?? [],
  });
  return { coefficients: fitted.slice(0, terms.count), constantMs: fitted[terms.count]! };
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
  anchors: readonly Anchor[],
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
  for (const { kernel } of anchors) modelsOfKind[kernel.kind] = LEAST_MODELS;
  return {
    measured: Uint8Array.from(modelsOfKind, (models) => (models >= LEAST_MODELS ? 1 : 0)),
    limits,
    sides: Uint16Array.from(ascending(sides).filter((side) => side < 65536)),
    cells: Uint32Array.from(ascending(cells)),
  };
}
