import { type BoostingProgress, trainAggregatedBoosting } from '@nnmeter/forest';
import { NnMeterError } from '@nnmeter/ir';
import {
  type DevicePhysics,
  KernelModel,
  kernelFloor,
  type LatencyModelWeights,
  LEAST_MODELS_OF_KIND,
  type TermTable,
  termSets,
} from '@nnmeter/latency-model';
import type { Anchor } from './anchors.ts';
import { resolvePhysics } from './estimate-physics.ts';
import { fitBase } from './fit-base.ts';
import type { KernelSet } from './kernel-set.ts';
import type { DeviceData } from './measured-models.ts';
import { throughputOf } from './throughput.ts';
import { whatTrainingSaw } from './what-training-saw.ts';

export interface TrainingOptions {
  /** Trees of the correction; 0 for the base alone. Default: the device's, else that of the forest. */
  readonly rounds?: number;
  /** Default: the device's. */
  readonly anchors?: readonly Anchor[];
  /** A kind counts as measured if at least this many models run it, or an anchor measures it alone. Default 20. */
  readonly leastModels?: number;
  /** False fits the terms without the kernels' physical floors, for comparison. */
  readonly floors?: boolean;
  readonly onProgress?: (progress: BoostingProgress) => void;
}

/**
 * Trains the latency model of a device on the models that `isTraining` lets through: a base that is linear in the terms
 * of its set, then trees that correct it. Limits of the device that are not known are estimated from the same models.
 * @throws NnMeterError E_MEASUREMENTS if there is none, or none that unknown limits can be estimated from
 * @returns weights that need nothing else of the device; without an interval, which takes other models
 */
export function trainDevice(
  data: DeviceData,
  isTraining: (model: number) => boolean,
  options: TrainingOptions = {},
): LatencyModelWeights {
  const { device, set, measured } = data;
  const { anchors = device.anchors ?? [], leastModels = LEAST_MODELS_OF_KIND } = options;
  const weight = Float64Array.from(measured, (ms, model) => (ms > 0 && isTraining(model) ? 1 : 0));
  if (!weight.includes(1)) {
    throw new NnMeterError(
      'E_MEASUREMENTS',
      `no model to train on is measured on ${device.name}: its ms go under that name`,
    );
  }
  const physics = resolvePhysics(device.physics, { set, measured, weight, anchors });
  const problem = { data, weight, physics, anchors, floors: options.floors ?? true };
  const saw = whatTrainingSaw(set, weight, anchors, leastModels);
  const weightsOf = (visible: Float64Array): LatencyModelWeights => ({
    terms: device.terms,
    physics,
    ...fitCoefficients(problem, visible),
    ...saw,
    throughput: { launchMs: 0, macsPerMs: 1, vectorPerMs: 1, bytesPerMs: 1 },
    interval: null,
    forest: null,
  });
  let weights = weightsOf(Float64Array.from(set.kernels, ({ beside }) => (beside ? 0 : 1)));
  if (set.kernels.some(({ beside }) => beside)) {
    for (let round = 0; round < VISIBLE_ROUNDS; round++)
      weights = weightsOf(visibleShares(set, new KernelModel(weights)));
  }
  const base = { ...weights, throughput: throughputOf(new KernelModel(weights)) };
  return options.rounds === 0 ? base : { ...base, forest: growTrees(data, weight, base, options) };
}

/** What is hidden by a kernel beside depends on the coefficients, and they on it; it hardly changes after the second round. */
const VISIBLE_ROUNDS = 2;

/** By kernel: the share of its own base latency that is not hidden by the kernel beside it. */
function visibleShares({ kernels }: KernelSet, model: KernelModel): Float64Array {
  return Float64Array.from(kernels, (kernel) => {
    if (kernel.beside === undefined) return 1;
    const { fixedMs, correctedMs } = model.parts(kernel);
    return (fixedMs + correctedMs) / model.baseLatency(kernel);
  });
}

/**
 * Kernels that take no telling share of any network stay at their base latency: what the trees learn of others is not true
 * of them. Chosen on families left out; those of the random split hardly notice.
 */
const KERNEL_PRIOR = 0.001;

function growTrees(
  { device, set, measured }: DeviceData,
  modelWeight: Float64Array,
  base: LatencyModelWeights,
  { rounds, onProgress }: TrainingOptions,
): LatencyModelWeights['forest'] {
  const model = new KernelModel(base);
  const { kernelPrior = KERNEL_PRIOR, ...boosting } = device.boosting ?? {};
  const { features: table } = termSets[device.terms];
  const features = new Float32Array(set.kernels.length * table.names.length);
  for (const [index, kernel] of set.kernels.entries())
    table.fill(kernel, features, index, set.kernels.length);
  const parts = set.kernels.map((kernel) => model.parts(kernel));
  const constant = measured.map((_, index) => {
    let fixedMs = base.constantMs;
    for (let entry = set.modelStart[index]!; entry < set.modelStart[index + 1]!; entry++)
      fixedMs += set.uses[entry]! * parts[set.kernelIndex[entry]!]!.fixedMs;
    return fixedMs;
  });
  const { forest } = trainAggregatedBoosting(
    {
      features,
      featureCount: table.names.length,
      baseTime: Float64Array.from(parts, ({ correctedMs }) => correctedMs),
      modelStart: set.modelStart,
      kernelIndex: set.kernelIndex,
      uses: set.uses,
      measured: measured.map((ms) => (ms > 0 ? ms : 1)),
      constant,
      modelWeight,
      kernelPrior: new Float64Array(parts.length).fill(kernelPrior),
    },
    {
      ...boosting,
      ...(rounds !== undefined && { rounds }),
      ...(onProgress && { onProgress }),
    },
  );
  return forest;
}

interface FittingProblem {
  readonly data: DeviceData;
  /** By model; 0 leaves it out. */
  readonly weight: Float64Array;
  readonly physics: DevicePhysics;
  readonly anchors: readonly Anchor[];
  readonly floors: boolean;
}

/**
 * Fits the coefficients of the terms, and the constant as one more term that every model has once.
 * @param visible by kernel: the share of it that takes time
 */
function fitCoefficients(
  { data: { device, set, measured }, weight, physics, anchors, floors }: FittingProblem,
  visible: Float64Array,
): Pick<LatencyModelWeights, 'coefficients' | 'constantMs'> {
  const { terms } = termSets[device.terms];
  const count = terms.names.length;
  const columns = count + 1;
  const rows = measured.length + anchors.length;
  const sums = new Float64Array(rows * columns);
  const offset = new Float64Array(rows);
  const floor = Float64Array.from(set.kernels, (kernel) =>
    floors ? kernelFloor(kernel, physics) : 0,
  );
  const values = termsOfKernels(set, terms);
  for (let model = 0; model < measured.length; model++) {
    const row = model * columns;
    sums[row + count] = 1;
    for (let entry = set.modelStart[model]!; entry < set.modelStart[model + 1]!; entry++) {
      const kernel = set.kernelIndex[entry]!;
      const uses = set.uses[entry]! * visible[kernel]!;
      offset[model]! += uses * floor[kernel]!;
      for (let term = 0; term < count; term++)
        sums[row + term]! += uses * values[kernel * count + term]!;
    }
  }
  for (const [index, anchor] of anchors.entries()) {
    const row = measured.length + index;
    offset[row] = kernelFloor(anchor.kernel, physics);
    terms.fill(anchor.kernel, sums.subarray(row * columns, (row + 1) * columns - 1));
  }
  const fitted = fitBase({
    models: rows,
    terms: columns,
    sums,
    offset,
    measured: Float64Array.from([...measured, ...anchors.map(({ ms }) => ms)]),
    weight: Float64Array.from([...weight, ...anchors.map((anchor) => anchor.weight)]),
    alike: terms.alike,
  });
  return { coefficients: fitted.slice(0, count), constantMs: fitted[count]! };
}

/** Kernels x terms. */
function termsOfKernels({ kernels }: KernelSet, { names, fill }: TermTable): Float64Array {
  const values = new Float64Array(kernels.length * names.length);
  for (const [index, kernel] of kernels.entries())
    fill(kernel, values.subarray(index * names.length, (index + 1) * names.length));
  return values;
}
