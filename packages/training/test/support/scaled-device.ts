import { isHeldOut } from '@nnmeter/dataset';
import type { Graph } from '@nnmeter/ir';
import type { FusionRules } from '@nnmeter/kernel-detect';
import { type LatencyMetrics, latencyMetrics } from '@nnmeter/latency-model';
import { type Device, KernelCollector, predictAll, trainDevice } from '@nnmeter/training';

/** Models of a benchmark as kernels, with their latencies on one device. */
export interface Measured {
  readonly ids: readonly string[];
  readonly set: ReturnType<KernelCollector['finish']>;
  readonly measured: Float64Array;
}

export function kernelsOf(graphs: Iterable<Graph>, rules: FusionRules): Measured['set'] {
  const collector = new KernelCollector(rules, 'cpu');
  for (const graph of graphs) collector.add(graph);
  return collector.finish();
}

/**
 * Accuracy over models that the training behind each prediction did not see: `splits` tenths, each held out once.
 * @param faster divides the latencies
 */
export function accuracy(
  device: Omit<Device, 'name' | 'rules'>,
  { ids, set, measured }: Measured,
  { faster, splits, rounds }: { faster: number; splits: number; rounds?: number },
): LatencyMetrics {
  const data = {
    device: { name: 'device', rules: { fuse: {} }, ...device },
    set,
    measured: measured.map((ms) => ms / faster),
  };
  const predicted: number[] = [];
  const truth: number[] = [];
  for (let seed = 0; seed < splits; seed++) {
    const weights = trainDevice(data, (model) => !isHeldOut(ids[model]!, seed), {
      ...(rounds !== undefined && { rounds }),
    });
    const totals = predictAll(data, weights).predicted;
    for (const [model, ms] of data.measured.entries()) {
      if (!isHeldOut(ids[model]!, seed)) continue;
      predicted.push(totals[model]!);
      truth.push(ms);
    }
  }
  return latencyMetrics(predicted, truth);
}
