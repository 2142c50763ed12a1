import { familyOf, isHeldOut } from '@nnmeter/dataset';
import { NnMeterError } from '@nnmeter/ir';
import type { IntervalWidths, LatencyMetrics, LatencyModelWeights } from '@nnmeter/latency-model';
import type { IntervalCoverage, ProtocolRecord } from '@nnmeter/predictor';
import {
  calibrateInterval,
  coverage,
  type Residuals,
  withoutModels,
} from './calibrate-interval.ts';
import { accuracyOf, predictAll } from './evaluate.ts';
import {
  accuracyByFamily,
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
  const known = [fitted.residuals, other.residuals];
  const interval = calibrateInterval(data.measured, known, families);
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
        otherSplitFamilies: coverageByFamily(data, ids, check.residuals, interval),
        unseenFamilies: crossCheck(data, known, families),
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

function coverageByFamily(
  { measured }: DeviceData,
  ids: readonly string[],
  { totals, models }: Residuals,
  interval: IntervalWidths,
): IntervalCoverage['otherSplitFamilies'] {
  const families = new Set(models.map((model) => familyOf(ids[model]!)));
  return Object.fromEntries(
    [...families].map((family) => {
      const own = models.filter((model) => familyOf(ids[model]!) === family);
      return [family, coverage(measured, { totals, models: own }, interval)];
    }),
  );
}

/** Coverage of the families, each with an interval that none of its models had a part in. */
function crossCheck(
  { measured }: DeviceData,
  heldOut: readonly Residuals[],
  families: readonly LeftOutFamily[],
): IntervalCoverage['unseenFamilies'] {
  return Object.fromEntries(
    families.map((left) => {
      const others = families.filter((family) => family !== left);
      const widths = calibrateInterval(measured, withoutModels(heldOut, left), others);
      return [left.family, coverage(measured, left, widths)];
    }),
  );
}
