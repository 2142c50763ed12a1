import { detectKernels, type FusionRules } from '@nnmeter/kernel-detect';
import { describeKernels, descriptionKey, type TermSetName } from '@nnmeter/latency-model';
import { type DeviceData, KernelCollector } from '@nnmeter/training';
import { kernelTimes } from './kernel-times.ts';
import type { MeasuredModel } from './results.ts';

/** What was measured, in the form of training: each model as its different kernels, with their times where they are known. */
export function measuredSet(
  name: string,
  terms: TermSetName,
  rules: FusionRules,
  models: readonly Pick<MeasuredModel, 'graph' | 'ms' | 'layers'>[],
): DeviceData {
  const collector = new KernelCollector(rules, terms);
  const kernelMs: number[] = [];
  const kernelLayers: number[] = [];
  for (const { graph: build, layers } of models) {
    const graph = build();
    collector.add(graph);
    const kernels = detectKernels(graph, rules);
    const times = layers && kernelTimes(kernels, layers);
    // In the order in which the collector meets them.
    const own = new Map<string, { ms: number; layers: number; count: number }>();
    for (const [index, description] of describeKernels(kernels, graph, terms).entries()) {
      const key = descriptionKey(description!);
      const entry = own.get(key) ?? { ms: 0, layers: 0, count: 0 };
      const { ms, layers } = times?.[index] ?? { ms: Number.NaN, layers: 0 };
      own.set(
        key,
        ms >= 0
          ? { ms: entry.ms + ms, layers: entry.layers + layers, count: entry.count + 1 }
          : entry,
      );
    }
    for (const { ms, layers, count } of own.values()) {
      kernelMs.push(ms / count);
      kernelLayers.push(layers / count);
    }
  }
  const set = collector.finish();
  const measured = Float64Array.from(models, ({ ms }) => ms);
  const device = { name, terms, rules };
  if (!kernelMs.some((ms) => ms >= 0)) return { device, set, measured };
  return {
    device,
    set,
    measured,
    kernelMs: Float64Array.from(kernelMs),
    kernelLayers: Float64Array.from(kernelLayers),
  };
}
