import { type Graph, type Node, opRow, precisionOf } from '@nnmeter/ir';
import type { KernelConfiguration } from '@nnmeter/latency-model';
import {
  coverageOf,
  type DeviceFacts,
  graphOf,
  type KernelLatency,
  type KernelSize,
  type LatencyPredictor,
  type LatencyReport,
  measureSize,
  measureUncounted,
  precisionWarnings,
  requireShapes,
} from '@nnmeter/predictor';
import { blindSpots } from './blind-spots.ts';
import { detectNnMeterKernels, type NnMeterKernel } from './detect/detect.ts';
import { kernelLatency, type Regressors } from './regressors.ts';

/** What a predictor of the original nn-Meter consists of. */
export interface NnMeterPredictorParts {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly version: string;
  readonly device: DeviceFacts;
  /** The device's `BF_<op>_<op>` rules as published. */
  readonly fusionRules: Readonly<Record<string, boolean>>;
  readonly regressors: Regressors;
}

/**
 * Predicts as nn-Meter 2.0 does with its predictors of version 1.0: its kernels, features and forests, and the sum of
 * them, to the last bit but for the order of additions. What it leaves out of the sum is `uncounted` in the report,
 * named in `warnings`, and missing in `coverage`.
 */
export function createNnMeterPredictor(parts: NnMeterPredictorParts): LatencyPredictor {
  const { name, aliases, version, device, fusionRules, regressors } = parts;

  function predictGraph(graph: Graph): LatencyReport {
    requireShapes(graph);
    const detected = detectNnMeterKernels(graph, fusionRules);
    const latencies = detected.map((kernel) => kernelLatency(kernel, regressors));
    const counted = detected.filter((_, index) => latencies[index] !== undefined);
    const uncounted = detected.filter((_, index) => latencies[index] === undefined);
    const { extrapolation, warnings } = blindSpots(graph);
    const precision = precisionOf(graph);
    const measured = measureSize(graph, detected, device.writesInPlace === true);
    return {
      model: graph.name,
      predictor: name,
      version,
      latencyMs: sum(latencies),
      startupMs: 0,
      interval: null,
      coverage: coverageOf(graph, nodesOf(counted)),
      ...measureUncounted(graph, nodesOf(uncounted)),
      precision,
      size: measured.size,
      roofline: null,
      kernels: detected.map((kernel, index) =>
        describe(kernel, latencies[index], measured.kernels[index]!),
      ),
      extrapolation,
      warnings: [
        ...graph.warnings,
        ...precisionWarnings(precision),
        ...warnings,
        ...uncountedWarning(uncounted),
      ],
    };
  }

  function totalMs(graph: Graph): number {
    requireShapes(graph);
    const detected = detectNnMeterKernels(graph, fusionRules);
    return sum(detected.map((kernel) => kernelLatency(kernel, regressors)));
  }

  return {
    name,
    aliases,
    version,
    device,
    manifest: null,
    predictGraph,
    totalMs,
    predict: async (...model) => predictGraph(await graphOf(...model)),
  };
}

function nodesOf(kernels: readonly NnMeterKernel[]): ReadonlySet<Node> {
  return new Set(kernels.flatMap(({ nodes }) => nodes));
}

function sum(latencies: readonly (number | undefined)[]): number {
  return latencies.reduce<number>((total, latency) => total + (latency ?? 0), 0);
}

function describe(
  kernel: NnMeterKernel,
  latencyMs: number | undefined,
  size: KernelSize,
): KernelLatency {
  return {
    type: kernel.name,
    nodes: kernel.nodes.map((node) => node.name),
    latencyMs: latencyMs ?? 0,
    basis: latencyMs === undefined ? 'uncounted' : 'measured',
    input: kernel.inputShapes[0] ?? [],
    output: kernel.outputShape ?? [],
    ...size,
    configuration: configurationOf(kernel),
  };
}

/** Kernels go by the first of the short names that nn-Meter joins; images have channels last. */
function configurationOf(kernel: NnMeterKernel): KernelConfiguration {
  const { name, nodes, inputShapes, outputShape } = kernel;
  const [kind = name] = name.split('-');
  const { kernelShape = [] } = nodes[0]!.attributes as { kernelShape?: readonly number[] };
  const [kernelHeight = 1, kernelWidth = 1] = kernelShape;
  const [, height = 1, width = 1, channels = 1] = imageShape(inputShapes[0]);
  const [, outHeight = 1, outWidth = 1, outChannels = 1] = imageShape(outputShape);
  return {
    ...{ kind, kernelDepth: 1, kernelHeight, kernelWidth },
    ...{ depth: 1, height, width, channels },
    ...{ outDepth: 1, outHeight, outWidth, outChannels },
  };
}

function imageShape(shape: readonly number[] | undefined): readonly number[] {
  return shape?.length === 4 ? shape : [];
}

function uncountedWarning(kernels: readonly NnMeterKernel[]): string[] {
  const counts = new Map<string, number>();
  for (const { name, nodes } of kernels) {
    if (nodes.every(({ op }) => opRow(op).free)) continue;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  if (counts.size === 0) return [];
  const names = [...counts]
    .sort()
    .map(([name, count]) => (count > 1 ? `${name} (${count})` : name));
  return [
    `counted as 0 ms, as in the original, because this predictor knows nothing of them: ${names.join(', ')}`,
  ];
}
