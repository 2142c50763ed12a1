import { isHeldOut } from '@nnmeter/dataset';
import { NnMeterError } from '@nnmeter/ir';
import type { IntervalWidths, LatencyMetrics, LatencyModelWeights } from '@nnmeter/latency-model';
import type { ProtocolRecord } from '@nnmeter/predictor';
import { calibrateInterval, coverage, type Residuals } from './calibrate-interval.ts';
import { accuracyOf, predictAll, type Totals } from './evaluate.ts';
import {
  accuracyByFamily,
  joinTotals,
  type LeftOutFamily,
  leaveFamiliesOut,
  measuredModels,
  type Train,
} from './family-protocol.ts';
import { runFewShot, SAMPLES } from './few-shot-protocol.ts';
import type { DeviceData, MeasuredModels } from './measured-models.ts';

const SPLIT_SEEDS = [0, 1] as const;
/** Of a split that has no part in the interval and checks it. */
const CHECK_SEED = 2;

/** A device's shipped weights and what all protocols say about them. */
export interface TrainedDevice {
  readonly weights: LatencyModelWeights;
  readonly training: LatencyMetrics;
  readonly heldOut: LatencyMetrics;
  readonly record: ProtocolRecord;
}

/** Trains a device on the random split, on another one, and without each of the families; calibrates the interval. */
export function trainAndRecord(
  data: DeviceData,
  { ids, devices }: Pick<MeasuredModels, 'ids' | 'devices'>,
  train: Train,
  onStep: (step: string) => void = () => {},
): TrainedDevice {
  const started = performance.now();
  const fitted = trainSplit(data, ids, train, SPLIT_SEEDS[0]);
  const trainingSeconds = Math.round((performance.now() - started) / 100) / 10;
  onStep(`trained in ${trainingSeconds} s`);
  const other = trainSplit(data, ids, train, SPLIT_SEEDS[1]);
  const check = trainSplit(data, ids, train, CHECK_SEED);
  const families: LeftOutFamily[] = [];
  const fewShot: Record<string, LatencyMetrics> = {};
  for (const left of leaveFamiliesOut(data, ids, train)) {
    families.push(left);
    if (left.models.length > SAMPLES)
      fewShot[left.family] = runFewShot(data, ids, left.weights, left.models).after;
    onStep(`${left.family} left out`);
  }
  const unseen = { totals: joinTotals(families, ids.length), models: measuredModels(data) };
  const known = [fitted.residuals, other.residuals];
  const interval = calibrateInterval(data.measured, known, unseen);
  const siblings = devices
    .filter((device) => device !== data && device.device.terms === data.device.terms)
    .map((sibling) => {
      const { before, after } = runFewShot(sibling, ids, fitted.weights);
      return [sibling.device.name, { before, after }] as const;
    });
  return {
    weights: { ...fitted.weights, interval },
    training: fitted.training,
    heldOut: fitted.heldOut,
    record: {
      heldOutFamilies: accuracyByFamily(data, ids, fitted.residuals.totals, (model) =>
        isHeldOut(ids[model]!, SPLIT_SEEDS[0]),
      ),
      otherSplit: other.heldOut,
      splitSeeds: SPLIT_SEEDS,
      unseenFamilies: Object.fromEntries(families.map((left) => [left.family, left.accuracy])),
      fewShot,
      siblings: Object.fromEntries(siblings),
      intervalCoverage: {
        heldOut: coverage(data.measured, fitted.residuals, interval),
        otherSplit: coverage(data.measured, check.residuals, interval),
        unseenFamilies: coverage(data.measured, unseen, interval),
        unseenFamiliesCrossChecked: crossCheck(data, known, unseen.totals, families),
      },
      trainingSeconds,
    },
  };
}

function trainSplit(
  data: DeviceData,
  ids: readonly string[],
  train: Train,
  seed: number,
): {
  weights: LatencyModelWeights;
  residuals: Residuals;
  training: LatencyMetrics;
  heldOut: LatencyMetrics;
} {
  const heldOut = (model: number): boolean => isHeldOut(ids[model]!, seed);
  const weights = train((model) => !heldOut(model));
  const totals = predictAll(data, weights);
  const accuracy = {
    training: accuracyOf(data, totals, (model) => !heldOut(model)),
    heldOut: accuracyOf(data, totals, heldOut),
  };
  if (accuracy.training === undefined || accuracy.heldOut === undefined) {
    throw new NnMeterError(
      'E_MEASUREMENTS',
      `${measuredModels(data).length} models are measured on ${data.device.name}, too few to hold a tenth of them out`,
    );
  }
  const { training, heldOut: unseen } = accuracy;
  const residuals = { totals, models: measuredModels(data).filter(heldOut) };
  return { weights, residuals, training, heldOut: unseen };
}

/** Mean coverage of the families, each with an interval calibrated without its residuals. */
function crossCheck(
  { measured }: DeviceData,
  heldOut: readonly Residuals[],
  totals: Totals,
  families: readonly LeftOutFamily[],
): number {
  const shares = families.map((left) => {
    const models = families.filter((family) => family !== left).flatMap((family) => family.models);
    const widths: IntervalWidths = calibrateInterval(measured, heldOut, { totals, models });
    return coverage(measured, { totals, models: left.models }, widths);
  });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}
