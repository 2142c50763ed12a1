import {
  factorOf,
  fitFactors,
  KERNEL_KINDS,
  KernelModel,
  type LatencyMetrics,
  type LatencyModelWeights,
  latencyMetrics,
  type TimeByGroup,
} from '@nnmeter/predictor';
import type { DeviceData } from './benchmark.ts';
import { familyOf } from './split.ts';
import { type TrainingOptions, trainDevice } from './train-device.ts';

const SAMPLES = 10;
const WINDOWED = new Set(['conv', 'dwconv', 'maxpool', 'avgpool']);

/** Accuracy on models other than the measured ten, before and after `fitCalibration`. */
export interface FewShotResult {
  readonly before: LatencyMetrics;
  readonly after: LatencyMetrics;
}

/** Every family is predicted by a model that saw only the others, then again with ten of its models measured. */
export function runFewShotFamilies(
  data: DeviceData,
  ids: readonly string[],
  options: TrainingOptions,
  onFamily: (family: string, result: FewShotResult) => void,
): void {
  const families = ids.map(familyOf);
  for (const family of new Set(families)) {
    const models = measuredModels(data).filter((model) => families[model] === family);
    if (models.length <= SAMPLES) continue;
    const weights = trainDevice(data, (model) => families[model] !== family, options);
    onFamily(family, adapt(data, weights, models));
  }
}

/** Accuracy on a sibling device of a model trained on another one, before and after ten measurements on the sibling. */
export function runFewShotSibling(
  sibling: DeviceData,
  weights: LatencyModelWeights,
): FewShotResult {
  return adapt(sibling, weights, measuredModels(sibling));
}

function measuredModels({ measured }: DeviceData): number[] {
  return [...measured.keys()].filter((model) => measured[model]! > 0);
}

function adapt(
  data: DeviceData,
  weights: LatencyModelWeights,
  models: readonly number[],
): FewShotResult {
  const step = Math.floor(models.length / SAMPLES);
  const samples = Array.from({ length: SAMPLES }, (_, index) => models[index * step]!);
  const measuredOf = (list: readonly number[]): number[] =>
    list.map((model) => data.measured[model]!);
  const { totals, groups } = timesByGroup(data, weights);
  const factors = fitFactors(
    samples.map((model) => totals[model]!),
    samples.map((model) => groups[model]!.times),
    measuredOf(samples),
  );
  const others = models.filter((model) => !samples.includes(model));
  const adapted = others.map((model) => {
    const { paths } = groups[model]!;
    let total = totals[model]! * factors.scale;
    for (const { names, ms } of paths) total += (factorOf(factors, names) - factors.scale) * ms;
    return total;
  });
  return {
    before: latencyMetrics(
      others.map((model) => totals[model]!),
      measuredOf(others),
    ),
    after: latencyMetrics(adapted, measuredOf(others)),
  };
}

interface Groups {
  readonly times: TimeByGroup;
  readonly paths: readonly { readonly names: readonly string[]; readonly ms: number }[];
}

/** Totals of all models, and their times by the groups that `fitCalibration` uses. */
function timesByGroup(
  { set, measured }: DeviceData,
  weights: LatencyModelWeights,
): { totals: Float64Array; groups: Groups[] } {
  const kernelModel = new KernelModel(weights);
  const latency = Float64Array.from(set.kernels, (kernel) => kernelModel.latency(kernel));
  const names = set.kernels.map(({ kind, kernelHeight, kernelWidth }) => {
    const op = KERNEL_KINDS[kind]!;
    return WINDOWED.has(op) ? [op, `${op} ${kernelHeight}x${kernelWidth}`] : [op];
  });
  const totals = new Float64Array(measured.length).fill(weights.constantMs);
  const groups = [...measured.keys()].map((model) => {
    const times = new Map<string, number>();
    const paths: { names: readonly string[]; ms: number }[] = [];
    for (let entry = set.modelStart[model]!; entry < set.modelStart[model + 1]!; entry++) {
      const kernel = set.kernelIndex[entry]!;
      const ms = set.uses[entry]! * latency[kernel]!;
      totals[model]! += ms;
      for (const name of names[kernel]!) times.set(name, (times.get(name) ?? 0) + ms);
      paths.push({ names: names[kernel]!, ms });
    }
    return { times, paths };
  });
  return { totals, groups };
}
