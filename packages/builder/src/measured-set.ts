import { detectKernels, type FusionRules } from '@nnmeter/kernel-detect';
import { describeKernel, descriptionKey, type TermSetName } from '@nnmeter/latency-model';
import { type DeviceData, KernelCollector, type KernelSet } from '@nnmeter/training';
import { kernelTimes } from './kernel-times.ts';
import type { MeasuredModel } from './results.ts';

/** What was measured, in the form of training: each model as its different kernels, with their times where they are known. */
export function measuredSet(
  name: string,
  terms: TermSetName,
  rules: FusionRules,
  models: readonly Pick<MeasuredModel, 'graph' | 'ms' | 'layers'>[],
): DeviceData {
  const collector = new KernelCollector(rules);
  const kernelMs: number[] = [];
  for (const { graph: build, layers } of models) {
    const graph = build();
    collector.add(graph);
    const kernels = detectKernels(graph, rules);
    const times = layers && kernelTimes(kernels, layers);
    // In the order in which the collector meets them.
    const own = new Map<string, { sum: number; count: number }>();
    for (const [index, kernel] of kernels.entries()) {
      const key = descriptionKey(describeKernel(kernel, kernels, graph));
      const entry = own.get(key) ?? { sum: 0, count: 0 };
      const ms = times?.[index] ?? Number.NaN;
      own.set(key, ms >= 0 ? { sum: entry.sum + ms, count: entry.count + 1 } : entry);
    }
    for (const { sum, count } of own.values()) kernelMs.push(sum / count);
  }
  const set = collector.finish();
  const measured = Float64Array.from(models, ({ ms }) => ms);
  const device = { name, terms, rules };
  if (!kernelMs.some((ms) => ms >= 0)) return { device, set, measured };
  return { device, set, measured, kernelMs: weightiest(kernelMs, set, measured) };
}

/** Different kernels whose layers are learned from: the time that takes grows with their cube. */
const MOST_LAYERS = 250;

/** The times of those kernels that take the greatest shares of the models' times; NaN for the others. */
function weightiest(
  kernelMs: readonly number[],
  { kernels, kernelIndex, modelStart, uses }: KernelSet,
  measured: Float64Array,
): Float64Array {
  const shares = new Float64Array(kernels.length);
  for (const [model, ms] of measured.entries()) {
    for (let entry = modelStart[model]!; entry < modelStart[model + 1]!; entry++) {
      const own = kernelMs[entry]!;
      if (own >= 0) shares[kernelIndex[entry]!]! += (uses[entry]! * own) / ms;
    }
  }
  const kept = new Set(
    [...shares.keys()].sort((a, b) => shares[b]! - shares[a]!).slice(0, MOST_LAYERS),
  );
  return Float64Array.from(kernelMs, (ms, entry) => (kept.has(kernelIndex[entry]!) ? ms : NaN));
}
