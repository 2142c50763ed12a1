import { channelsLastShape, type Graph, type Node, precisionOf, type Tensor } from '@nnmeter/ir';
import type { Kernel } from '@nnmeter/kernel-detect';
import {
  type KernelPrediction,
  type LatencyModel,
  latencyInterval,
  type NetworkParts,
  sumOfParts,
  weightMB,
} from '@nnmeter/latency-model';
import { measureCoverage } from './coverage.ts';
import type { PredictorDefinition } from './definition.ts';
import { precisionWarnings } from './precision-warnings.ts';
import type { KernelLatency, LatencyReport, Roofline } from './report.ts';
import { settingOf } from './settings.ts';
import { type KernelSize, measureSize } from './size.ts';
import { measureUncounted } from './uncounted.ts';
import { experimentalWarnings, predictionWarnings, throughputWarnings } from './warnings.ts';

/** Costs the kernels of a graph and gathers everything the user should know about the result. */
export function buildReport(
  definition: PredictorDefinition,
  latencyModel: LatencyModel,
  graph: Graph,
  kernels: readonly Kernel[],
): LatencyReport {
  const costs = latencyModel.predictKernels(kernels, graph);
  const predictions = graph.nodes.some(isAssumed) ? withAssumed(costs, kernels) : costs;
  const parts = sumOfParts(latencyModel.startupMs, predictions, latencyModel.reloads);
  const missing = measureUncounted(
    graph,
    new Set(
      kernels.flatMap(({ nodes }, index) =>
        predictions[index]!.basis === 'uncounted' ? nodes : [],
      ),
    ),
  );
  const precision = precisionOf(graph);
  const measured = measureSize(graph, kernels, definition.device.writesInPlace === true);
  return {
    model: graph.name,
    predictor: definition.name,
    version: definition.version,
    latencyMs: parts.totalMs,
    startupMs: latencyModel.startupMs,
    interval: missing.complete ? latencyInterval(latencyModel.intervalWidths, parts) : null,
    coverage: measureCoverage(graph, kernels, predictions),
    ...missing,
    precision,
    size: measured.size,
    roofline: rooflineOf(latencyModel),
    kernels: kernels.map((kernel, index) =>
      kernelLatency(kernel, predictions[index]!, parts, measured.kernels[index]!),
    ),
    extrapolation: [...new Set(predictions.flatMap(({ extrapolation }) => extrapolation ?? []))],
    warnings: [
      ...graph.warnings,
      ...experimentalWarnings(definition),
      ...throughputWarnings(definition),
      ...precisionWarnings(precision, settingOf(definition)?.precision),
      ...predictionWarnings(graph, kernels, costs, latencyModel),
    ],
  };
}

function isAssumed(node: Node): boolean {
  return node.isAssumed === true;
}

/** What is only assumed to run is no measurement, however well its kernels are known. */
function withAssumed(
  costs: readonly KernelPrediction[],
  kernels: readonly Kernel[],
): readonly KernelPrediction[] {
  return costs.map((cost, index) => {
    const isEstimate = cost.basis === 'measured' && kernels[index]!.nodes.some(isAssumed);
    return isEstimate ? { ...cost, basis: 'estimated', estimatedMs: cost.latencyMs } : cost;
  });
}

function rooflineOf({ physics }: LatencyModel): Roofline | null {
  if (physics === null) return null;
  const { macsPerMs, bytesPerMs, bytesPerElement } = physics;
  return { macsPerMs, bytesPerMs, bytesPerElement };
}

function kernelLatency(
  kernel: Kernel,
  prediction: KernelPrediction,
  parts: NetworkParts,
  size: KernelSize,
): KernelLatency {
  const { latencyMs, estimatedMs, hiddenMs } = prediction;
  const reloadMs = reloadShare(prediction, parts);
  return {
    type: kernel.type,
    nodes: kernel.nodes.map((node) => node.name),
    latencyMs: latencyMs + reloadMs,
    basis: prediction.basis,
    input: channelsLast(kernel.inputs[0]),
    output: channelsLast(kernel.outputs[0]),
    ...size,
    configuration: prediction.description,
    ...(hiddenMs !== undefined && { hiddenMs }),
    ...(reloadMs > 0 && { reloadMs }),
    ...(estimatedMs > 0 && { estimatedShare: estimatedMs / latencyMs }),
  };
}

/** What of the reading of weights belongs to a kernel, ms: as much as of the weights. */
function reloadShare({ description }: KernelPrediction, parts: NetworkParts): number {
  if (description === undefined || parts.reloadMs === 0) return 0;
  return (parts.reloadMs * weightMB(description)) / parts.weightMB;
}

function channelsLast(tensor: Tensor | undefined): readonly number[] {
  return tensor?.shape === undefined ? [] : channelsLastShape(tensor);
}
