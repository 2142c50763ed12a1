import { foldOf } from '@nnmeter/dataset';
import { NnMeterError } from '@nnmeter/ir';
import type { FusionRules } from '@nnmeter/kernel-detect';
import {
  type Adaptation,
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
  predictAll,
  type Totals,
  trainDevice,
} from '@nnmeter/training';
import { type AdaptedKnown, adaptKnown, nearestKnown, withoutLayers } from './known-devices.ts';
import { measuredSet } from './measured-set.ts';
import type { MeasuredModel } from './results.ts';

export interface PluginTraining {
  /** Of the predictor. */
  readonly name: string;
  /** What describes it where no device is known; default `cpu`. */
  readonly terms?: TermSetName;
  readonly rules: FusionRules;
  readonly models: readonly MeasuredModel[];
  /** Predictors of devices of its kind: the nearest is where training starts, and what it has to be better than. */
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
  /** What makes the weights of the nearest known device those of this one; absent if none is known. */
  readonly adaptation?: Adaptation;
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
  /** The nearest known device, calibrated with the totals of the same models, on the same models; absent if none is known. */
  readonly nearest?: {
    readonly name: string;
    /** The device's latencies are those of this one times that, roughly. */
    readonly scale: number;
    readonly accuracy: LatencyMetrics;
  };
}

const FOLDS = 5;
/** With fewer networks, a fifth of them says too little. */
const CROSS_VALIDATE_BELOW = 200;
/** Fewer say nothing about networks in general. */
const LEAST_NETWORKS = 8;
/** A kind counts as measured if so many models run it, where no device is known to start from. */
const LEAST_MODELS = 3;
/** No device that runs such networks takes so many times what the nearest of the known ones takes, or so little of it. */
const SCALES = { least: 1 / 300, most: 100 } as const;

/**
 * Trains a predictor of a device on what was measured, totals and layers together, from the nearest known device on; and
 * checks it on networks that training did not see. Where layers mislead, totals alone are learned from: a predictor is
 * never worse than the nearest known device, calibrated with the same totals.
 * @throws NnMeterError E_MEASUREMENTS if there are too few different networks, or if the unit cannot be right
 */
export function trainPlugin(training: PluginTraining): TrainedPlugin {
  const { name, rules, models, terms = 'cpu', known, onProgress } = training;
  const data = measuredSet(name, terms, rules, models);
  const networks = [...models.keys()].filter((model) => !models[model]!.isKernel);
  requireDifferent(networks, data);
  const nearest = nearestKnown(known, data);
  if (nearest !== undefined) requireUnit(nearest);
  const train = (isSeen: (model: number) => boolean): Trained =>
    nearest === undefined ? trainAnew(data, isSeen) : adaptKnown(nearest.known, data, isSeen);

  const isCrossValidated = networks.length < CROSS_VALIDATE_BELOW;
  const heldOut = [...Array(isCrossValidated ? FOLDS : 1).keys()]
    .map((fold) => networks.filter((model) => foldOf(models[model]!.id, FOLDS) === fold))
    .filter((held) => held.length > 0);
  const trainings = heldOut.length + (isCrossValidated ? 1 : 0);
  const folds = heldOut.map((held, index): Fold => {
    onProgress?.(index, trainings);
    const isSeen = (model: number): boolean => !held.includes(model);
    const trained = train(isSeen);
    if (nearest === undefined) return { held, trained, calibrated: undefined };
    // Without layers it is the same training.
    const calibrated =
      data.kernelMs === undefined
        ? trained
        : adaptKnown(nearest.known, withoutLayers(data), isSeen);
    return { held, trained, calibrated };
  });
  if (isCrossValidated) onProgress?.(trainings - 1, trainings);
  const layersMislead = isWorse(data.measured, folds);
  const chosen = layersMislead ? folds.map(withoutItsLayers) : folds;
  const { weights, adaptation } = !isCrossValidated
    ? chosen[0]!.trained
    : nearest !== undefined && (layersMislead || data.kernelMs === undefined)
      ? nearest
      : train(() => true);
  onProgress?.(trainings, trainings);
  const { measured } = data;
  const unseen = chosen.map(({ held, trained }) => ({ totals: trained.totals, models: held }));
  const interval = calibrateInterval(measured, unseen);
  const checked = unseen.flatMap(({ totals, models: held }) =>
    held.map((model) => ({
      id: models[model]!.id,
      measured: measured[model]!,
      predicted: totals.predicted[model]!,
      inInterval: coverage(measured, { totals, models: [model] }, interval) === 1,
    })),
  );
  const check = {
    isCrossValidated,
    ...checkFolds(measured, chosen, nearest),
    intervalCoverage: checked.filter(({ inInterval }) => inInterval).length / checked.length,
    models: checked,
  };
  return {
    weights: { ...weights, interval },
    ...(adaptation && { adaptation }),
    trainedWith: isCrossValidated ? models.length : models.length - folds[0]!.held.length,
    check,
  };
}

/** Weights, and what they predict for all models. */
interface Trained {
  readonly weights: LatencyModelWeights;
  readonly adaptation?: Adaptation;
  readonly totals: Totals;
}

/** Models that a training did not see, and what is predicted without them. */
interface Fold {
  readonly held: readonly number[];
  readonly trained: Trained;
  /** By the nearest known device, calibrated with the totals of the others. */
  readonly calibrated: Trained | undefined;
}

/** What was learned with layers is worse on the models that it did not see than what totals alone teach. */
function isWorse(measured: Float64Array, folds: readonly Fold[]): boolean {
  let [own, other] = [0, 0];
  for (const { held, trained, calibrated } of folds) {
    if (calibrated === undefined) return false;
    for (const model of held) {
      own += Math.abs(trained.totals.predicted[model]! / measured[model]! - 1);
      other += Math.abs(calibrated.totals.predicted[model]! / measured[model]! - 1);
    }
  }
  return own > other;
}

function withoutItsLayers(fold: Fold): Fold {
  return { ...fold, trained: fold.calibrated! };
}

function trainAnew(data: DeviceData, isSeen: (model: number) => boolean): Trained {
  const weights = trainDevice(data, isSeen, { leastModels: LEAST_MODELS });
  return { weights, totals: predictAll(data, weights) };
}

function checkFolds(
  measured: Float64Array,
  folds: readonly Fold[],
  nearest: AdaptedKnown | undefined,
): Pick<PluginCheck, 'accuracy' | 'nearest'> {
  const truth = folds.flatMap(({ held }) => held.map((model) => measured[model]!));
  const accuracyBy = (totals: (fold: Fold) => Totals): LatencyMetrics =>
    latencyMetrics(
      folds.flatMap((fold) => fold.held.map((model) => totals(fold).predicted[model]!)),
      truth,
    );
  const accuracy = accuracyBy(({ trained }) => trained.totals);
  if (nearest === undefined) return { accuracy };
  const { known, adaptation } = nearest;
  return {
    accuracy,
    nearest: {
      name: known.name,
      scale: adaptation.scale,
      accuracy: accuracyBy(({ calibrated }) => calibrated!.totals),
    },
  };
}

/** @throws NnMeterError E_MEASUREMENTS for measurements of a few networks again and again */
function requireDifferent(networks: readonly number[], { set }: DeviceData): void {
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
    { hint: 'measure longer, or calibrate a known device' },
  );
}

function requireUnit({ known: { name }, adaptation: { scale } }: AdaptedKnown): void {
  if (scale <= SCALES.most && scale >= SCALES.least) return;
  throw new NnMeterError(
    'E_MEASUREMENTS',
    `all measurements are ${scale.toPrecision(2)} times those of ${name}, the nearest known device, which no device is`,
    { hint: 'the runner has to report ms: check the unit of its times' },
  );
}
