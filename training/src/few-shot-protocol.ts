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
import { measuredModels } from './family-protocol.ts';
import { hashOf } from './split.ts';

const SAMPLES = 10;
const WINDOWED = new Set(['conv', 'dwconv', 'maxpool', 'avgpool']);

/** Accuracy on models other than the measured ten, before and after `fitCalibration`. */
export interface FewShotResult {
  readonly before: LatencyMetrics;
  readonly after: LatencyMetrics;
}

/** A model trained on other families or another device, before and after measuring ten models. */
export function runFewShot(
  data: DeviceData,
  ids: readonly string[],
  weights: LatencyModelWeights,
  models: readonly number[] = measuredModels(data),
): FewShotResult {
  const byHash = models.toSorted((a, b) => hashOf(ids[a]!) - hashOf(ids[b]!));
  const samples = byHash.slice(0, SAMPLES);
  const others = byHash.slice(SAMPLES);
  const measuredOf = (list: readonly number[]): number[] =>
    list.map((model) => data.measured[model]!);
  const { totals, groups } = timesByGroup(data, weights);
  const factors = fitFactors(
    samples.map((model) => totals[model]!),
    samples.map((model) => groups[model]!.times),
    measuredOf(samples),
  );
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
