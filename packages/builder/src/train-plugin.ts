import { foldOf } from '@nnmeter/dataset';
import { NnMeterError, quote } from '@nnmeter/ir';
import type { FusionRules } from '@nnmeter/kernel-detect';
import {
  type LatencyMetrics,
  type LatencyModelWeights,
  latencyMetrics,
  type TermSetName,
} from '@nnmeter/latency-model';
import type { PredictorDefinition } from '@nnmeter/predictor';
import {
  calibrateInterval,
  coverage,
  type DeviceData,
  KernelCollector,
  predictAll,
  type Residuals,
  type Totals,
  trainDevice,
} from '@nnmeter/training';
import { type AdaptedDevice, adaptKnown, type MeasuredSet } from './known-devices.ts';
import type { MeasuredModel } from './results.ts';

export interface PluginTraining {
  /** Of the predictor. */
  readonly name: string;
  /** Whose terms describe it; default: those of the nearest known device. */
  readonly terms?: TermSetName;
  readonly rules: FusionRules;
  readonly models: readonly MeasuredModel[];
  /** Predictors of other devices: the nearest is where training starts, and what it has to be better than. */
  readonly known: readonly PredictorDefinition[];
  /** Told of trainings that are over, of all that there will be. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** A network, and what was predicted for it by weights that did not see it. */
export interface CheckedModel {
  readonly id: string;
  readonly measured: number;
  readonly predicted: number;
  readonly inInterval: boolean;
}

export interface TrainedPlugin {
  readonly weights: LatencyModelWeights;
  /** Models that the weights were trained with, single kernels included. */
  readonly trainedWith: number;
  readonly check: PluginCheck;
}

export interface PluginCheck {
  /** Every fifth of the networks predicted by a training on the others; else one fifth, which no training saw. */
  readonly isCrossValidated: boolean;
  readonly models: readonly CheckedModel[];
  readonly accuracy: LatencyMetrics;
  /** Share of the measurements inside their 90 % interval. */
  readonly intervalCoverage: number;
  /** The nearest known device, calibrated with the same models, on the same models; absent if none is known. */
  readonly nearest?: {
    readonly name: string;
    /** The device's latencies are those of this one times that, roughly. */
    readonly scale: number;
    readonly accuracy: LatencyMetrics;
  };
}

const FOLDS = 5;
/** With fewer networks, a fifth of them says too little. */
const CROSS_VALIDATE_BELOW = 100;
/** Fewer say nothing about networks in general. */
const LEAST_NETWORKS = 8;
/** A kind counts as measured if so many models run it. */
const LEAST_MODELS = 3;
/** No device that runs such networks takes so many times what the nearest of the known ones takes, or so little of it. */
const SCALES = { least: 1 / 300, most: 100 } as const;

/**
 * Trains a predictor of a device on what was measured, and checks it on networks that training did not see.
 * @throws NnMeterError E_MEASUREMENTS if there are too few different networks, if the unit cannot be right, or if the
 * nearest known device, calibrated with the same measurements, predicts better
 */
export function trainPlugin(training: PluginTraining): TrainedPlugin {
  const { name, rules, models, known, onProgress } = training;
  const { set, measured } = collect(models, rules);
  const networks = [...models.keys()].filter((model) => !models[model]!.isKernel);
  requireDifferent(networks, set);
  const [nearest] = adaptKnown(known, { set, measured }, () => true);
  if (nearest !== undefined) requireUnit(nearest);
  const terms = training.terms ?? nearest?.weights.terms ?? 'cpu';
  const data: DeviceData = { device: { name, terms, rules }, set, measured };
  const train: Train = (isSeen) => trainDevice(data, isSeen, { leastModels: LEAST_MODELS });

  const isCrossValidated = networks.length < CROSS_VALIDATE_BELOW;
  const heldOut = [...Array(isCrossValidated ? FOLDS : 1).keys()]
    .map((fold) => networks.filter((model) => foldOf(models[model]!.id, FOLDS) === fold))
    .filter((models) => models.length > 0);
  const trainings = heldOut.length + (isCrossValidated ? 1 : 0);
  const folds = heldOut.map((held, index): Fold => {
    onProgress?.(index, trainings);
    const isSeen = (model: number): boolean => !held.includes(model);
    const weights = train(isSeen);
    const [adapted] = adaptKnown(
      known.filter((definition) => definition.name === nearest?.name),
      data,
      isSeen,
    );
    return { held, weights, totals: predictAll(data, weights), adapted };
  });
  if (isCrossValidated) onProgress?.(trainings - 1, trainings);
  const weights = isCrossValidated ? train(() => true) : folds[0]!.weights;
  onProgress?.(trainings, trainings);
  const unseen = joinFolds(folds, measured.length);
  const interval = calibrateInterval(measured, [unseen], unseen);
  const check = {
    isCrossValidated,
    ...checkFolds(measured, folds),
    intervalCoverage: coverage(measured, unseen, interval),
    models: unseen.models.map((model) => ({
      id: models[model]!.id,
      measured: measured[model]!,
      predicted: unseen.totals.predicted[model]!,
      inInterval: coverage(measured, { totals: unseen.totals, models: [model] }, interval) === 1,
    })),
  };
  requireBetter(name, check);
  const trainedWith = isCrossValidated ? models.length : models.length - folds[0]!.held.length;
  return { weights: { ...weights, interval }, trainedWith, check };
}

type Train = (isSeen: (model: number) => boolean) => LatencyModelWeights;

/** Models that a training did not see, and what is predicted without them. */
interface Fold {
  readonly held: readonly number[];
  readonly weights: LatencyModelWeights;
  readonly totals: Totals;
  /** The nearest known device, calibrated without them. */
  readonly adapted: AdaptedDevice | undefined;
}

function collect(models: readonly MeasuredModel[], rules: FusionRules): MeasuredSet {
  const collector = new KernelCollector(rules);
  for (const { graph } of models) collector.add(graph());
  return { set: collector.finish(), measured: Float64Array.from(models, ({ ms }) => ms) };
}

/** Each model as the fold that did not see it predicts it. */
function joinFolds(folds: readonly Fold[], count: number): Residuals {
  const totals: Totals = {
    predicted: new Float64Array(count),
    novel: new Float64Array(count),
    estimated: new Float64Array(count),
  };
  for (const fold of folds) {
    for (const model of fold.held)
      for (const field of ['predicted', 'novel', 'estimated'] as const)
        totals[field][model] = fold.totals[field][model]!;
  }
  return { totals, models: folds.flatMap(({ held }) => held) };
}

function checkFolds(
  measured: Float64Array,
  folds: readonly Fold[],
): Pick<PluginCheck, 'accuracy' | 'nearest'> {
  const truth = folds.flatMap(({ held }) => held.map((model) => measured[model]!));
  const accuracyBy = (predict: (fold: Fold, model: number) => number): LatencyMetrics =>
    latencyMetrics(
      folds.flatMap((fold) => fold.held.map((model) => predict(fold, model))),
      truth,
    );
  const accuracy = accuracyBy(({ totals }, model) => totals.predicted[model]!);
  const adapted = folds[0]!.adapted;
  if (adapted === undefined) return { accuracy };
  const { name, scale } = adapted;
  return {
    accuracy,
    nearest: {
      name,
      scale,
      accuracy: accuracyBy((fold, model) => fold.adapted!.predicted[model]!),
    },
  };
}

/** @throws NnMeterError E_MEASUREMENTS for measurements of a few networks again and again */
function requireDifferent(networks: readonly number[], set: MeasuredSet['set']): void {
  const different = new Set(
    networks.map((model) => {
      const [start, end] = [set.modelStart[model]!, set.modelStart[model + 1]!];
      return `${set.kernelIndex.slice(start, end).join()} ${set.uses.slice(start, end).join()}`;
    }),
  );
  if (different.size >= LEAST_NETWORKS) return;
  throw new NnMeterError(
    'E_MEASUREMENTS',
    `${networks.length} measurements of ${different.size} different networks say too little about a device; ${LEAST_NETWORKS} are the least`,
    { hint: 'measure longer, or adapt a known device: nn-meter calibrate' },
  );
}

function requireUnit({ name, scale }: AdaptedDevice): void {
  if (scale <= SCALES.most && scale >= SCALES.least) return;
  throw new NnMeterError(
    'E_MEASUREMENTS',
    `all measurements are ${scale.toPrecision(2)} times those of ${name}, the nearest known device, which no device is`,
    { hint: 'the runner has to report ms: check the unit of its times' },
  );
}

function requireBetter(
  name: string,
  { accuracy, nearest }: Pick<PluginCheck, 'accuracy' | 'nearest'>,
): void {
  if (nearest === undefined || accuracy.mape <= nearest.accuracy.mape) return;
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  throw new NnMeterError(
    'E_MEASUREMENTS',
    `a predictor ${quote(name)} would be worse than ${nearest.name}, calibrated with the same measurements: its mean error on networks that it did not see is ${percent(accuracy.mape)}, that of the other ${percent(nearest.accuracy.mape)}; nothing is written`,
    { hint: 'measure longer, with the machine idle, or use nn-meter calibrate' },
  );
}
