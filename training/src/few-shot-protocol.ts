import type { Graph } from '@nnmeter/ir';
import {
  fitCalibration,
  KERNEL_KINDS,
  KernelModel,
  type LatencyMetrics,
  type LatencyModelWeights,
  type LatencyPredictor,
  type LatencyReport,
  latencyMetrics,
} from '@nnmeter/predictor';
import type { DeviceData } from './benchmark.ts';
import { familyOf } from './split.ts';
import { type TrainingOptions, trainDevice } from './train-device.ts';

const SAMPLES = 10;

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
    onFamily(family, adapt(data, ids, weights, models));
  }
}

/** Accuracy on a sibling device of a model trained on another one, before and after ten measurements on the sibling. */
export function runFewShotSibling(
  sibling: DeviceData,
  ids: readonly string[],
  weights: LatencyModelWeights,
): FewShotResult {
  return adapt(sibling, ids, weights, measuredModels(sibling));
}

function measuredModels({ measured }: DeviceData): number[] {
  return [...measured.keys()].filter((model) => measured[model]! > 0);
}

function adapt(
  data: DeviceData,
  ids: readonly string[],
  weights: LatencyModelWeights,
  models: readonly number[],
): FewShotResult {
  const predictor = predictorOfSet(data, weights);
  const graphOf = (model: number): Graph => ({ name: ids[model]!, model }) as unknown as Graph;
  const step = Math.floor(models.length / SAMPLES);
  const samples = Array.from({ length: SAMPLES }, (_, index) => models[index * step]!);
  const calibration = fitCalibration(
    predictor,
    samples.map((model) => ({ graph: graphOf(model), latencyMs: data.measured[model]! })),
  );
  const others = models.filter((model) => !samples.includes(model));
  const measured = others.map((model) => data.measured[model]!);
  const reports = others.map((model) => predictor.predictGraph(graphOf(model)));
  return {
    before: latencyMetrics(
      reports.map(({ latencyMs }) => latencyMs),
      measured,
    ),
    after: latencyMetrics(
      reports.map(({ latencyMs, kernels }) =>
        kernels.reduce(
          (sum, kernel) =>
            sum +
            ((calibration.kinds[kernel.type] ?? calibration.scale) - calibration.scale) *
              kernel.latencyMs,
          calibration.scale * latencyMs,
        ),
      ),
      measured,
    ),
  };
}

/** A predictor for models of the benchmark, which are named by their index and kept as bags of kernels. */
function predictorOfSet(
  { device, set }: DeviceData,
  weights: LatencyModelWeights,
): LatencyPredictor {
  const model = new KernelModel(weights);
  const latency = Float64Array.from(set.kernels, (kernel) => model.latency(kernel));
  const predictGraph = (graph: Graph): LatencyReport => {
    const index = (graph as unknown as { model: number }).model;
    const byKind = new Map<string, number>();
    let latencyMs = weights.constantMs;
    for (let entry = set.modelStart[index]!; entry < set.modelStart[index + 1]!; entry++) {
      const kernel = set.kernelIndex[entry]!;
      const ms = set.uses[entry]! * latency[kernel]!;
      const kind = KERNEL_KINDS[set.kernels[kernel]!.kind]!;
      byKind.set(kind, (byKind.get(kind) ?? 0) + ms);
      latencyMs += ms;
    }
    const kernels = [...byKind].map(([type, ms]) => ({
      type,
      latencyMs: ms,
      nodes: [],
      basis: 'measured' as const,
      input: [],
      output: [],
    }));
    return { latencyMs, kernels } as unknown as LatencyReport;
  };
  return { name: device.name, version: '2.0', predictGraph } as unknown as LatencyPredictor;
}
