import { hashOf } from '@nnmeter/dataset';
import {
  type Adaptation,
  type IntervalWidths,
  type LatencyMetrics,
  type LatencyModelWeights,
  latencyMetrics,
} from '@nnmeter/latency-model';
import type { FamilyMetrics, LearnedRecord } from '@nnmeter/predictor';
import { learnDevice } from './adapt-device.ts';
import { calibrateInterval, coverage, type Residuals } from './calibrate-interval.ts';
import { predictAll, type Totals } from './evaluate.ts';
import { measuredModels } from './family-protocol.ts';
import type { DeviceData } from './measured-models.ts';

const FOLDS = 10;
const FEW = { ten: 10, thirty: 30 } as const;
const LEVEL = 0.9;
const WIDER = 1.02;

export interface LearnedDevice {
  readonly weights: LatencyModelWeights;
  /** With the interval of networks of unseen families. */
  readonly adaptation: Adaptation;
  readonly record: LearnedRecord;
}

export interface LearnProtocol {
  /** By model. */
  readonly families: readonly string[];
  readonly ids: readonly string[];
  /** Whether a random split and few measurements are tried too. */
  readonly isComplete: boolean;
  readonly onStep?: (step: string) => void;
}

/**
 * Learns a device from a known one and says what that is worth: every family predicted by what was learned from the others
 * only, and the interval that these predictions need.
 */
export function learnAndRecord(
  data: DeviceData,
  known: LatencyModelWeights,
  { families, ids, isComplete, onStep }: LearnProtocol,
): LearnedDevice {
  const models = measuredModels(data);
  const predict = (isSeen: (model: number) => boolean): Totals => {
    const { weights, adaptation } = learnDevice(data, known, isSeen);
    return predictAll(data, weights, adaptation);
  };
  const leaveOut = (groups: readonly (readonly number[])[]): Totals =>
    join(
      groups.map((out) => ({ out, totals: predict((model) => !out.includes(model)) })),
      ids.length,
    );
  const accuracy = ({ predicted }: Totals, of: readonly number[]): LatencyMetrics =>
    latencyMetrics(
      of.map((model) => predicted[model]!),
      of.map((model) => data.measured[model]!),
    );

  const groups = new Map<string, number[]>();
  for (const model of models) {
    const group = groups.get(families[model]!);
    if (group === undefined) groups.set(families[model]!, [model]);
    else group.push(model);
  }
  const unseen = { totals: leaveOut([...groups.values()]), models };
  onStep?.('families left out');
  const byFamily: FamilyMetrics = Object.fromEntries(
    [...groups].map(([family, own]) => [family, accuracy(unseen.totals, own)]),
  );
  const { widths, crossChecked } = widthsOf(data.measured, unseen, [...groups.values()]);
  const byHash = models.toSorted((a, b) => hashOf(ids[a]!) - hashOf(ids[b]!));
  const few = (count: number): LatencyMetrics => {
    const seen = new Set(byHash.slice(0, count));
    return accuracy(
      predict((model) => seen.has(model)),
      models.filter((model) => !seen.has(model)),
    );
  };
  const folds = Array.from({ length: FOLDS }, (_, fold) =>
    byHash.filter((_, at) => at % FOLDS === fold),
  );
  const complete = isComplete && {
    random: accuracy(leaveOut(folds), models),
    ten: few(FEW.ten),
    thirty: few(FEW.thirty),
  };
  const { weights, adaptation } = learnDevice(data, known, () => true);
  return {
    weights,
    adaptation: { ...adaptation, interval: widths },
    record: {
      networks: models.length,
      unseen: accuracy(unseen.totals, models),
      unseenFamilies: byFamily,
      intervalCoverage: {
        unseenFamilies: coverage(data.measured, unseen, widths),
        crossChecked,
      },
      ...complete,
    },
  };
}

function join(
  parts: readonly { readonly out: readonly number[]; readonly totals: Totals }[],
  count: number,
): Totals {
  const all: Totals = {
    predicted: new Float64Array(count),
    kernels: new Float64Array(count),
    novelMs: new Float64Array(count),
    estimatedMs: new Float64Array(count),
  };
  for (const { out, totals } of parts) {
    for (const model of out) {
      for (const field of ['predicted', 'kernels', 'novelMs', 'estimatedMs'] as const)
        all[field][model] = totals[field][model]!;
    }
  }
  return all;
}

/** Widths for which families whose residuals had no part in them are covered: some eighty residuals alone are too sure. */
function widthsOf(
  measured: Float64Array,
  unseen: Residuals,
  groups: readonly (readonly number[])[],
): { readonly widths: IntervalWidths; readonly crossChecked: number } {
  const { totals, models } = unseen;
  const calibrate = (of: readonly number[]): IntervalWidths =>
    calibrateInterval(measured, [{ totals, models: of }]);
  const own = calibrate(models);
  const others = groups.map((group) => ({
    residuals: { totals, models: group },
    widths: calibrate(models.filter((model) => !group.includes(model))),
  }));
  for (let factor = 1; ; factor *= WIDER) {
    const wider = (widths: IntervalWidths): IntervalWidths => ({
      ...widths,
      known: widths.known.map(({ perKernelMs, width }) => ({ perKernelMs, width: factor * width })),
    });
    const inside = others.reduce(
      (sum, { residuals, widths }) =>
        sum + residuals.models.length * coverage(measured, residuals, wider(widths)),
      0,
    );
    const crossChecked = inside / models.length;
    if (crossChecked >= LEVEL) return { widths: wider(own), crossChecked };
  }
}
