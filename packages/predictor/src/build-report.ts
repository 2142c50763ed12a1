import { channelsLastShape, type Graph, type Node, precisionOf, type Tensor } from '@nnmeter/ir';
import type { Kernel } from '@nnmeter/kernel-detect';
import type { KernelPrediction, LatencyModel } from '@nnmeter/latency-model';
import { measureCoverage } from './coverage.ts';
import type { PredictorDefinition } from './definition.ts';
import { precisionWarnings } from './precision-warnings.ts';
import type { KernelLatency, LatencyReport } from './report.ts';
import { measureUncounted } from './uncounted.ts';
import { experimentalWarnings, predictionWarnings } from './warnings.ts';

/** Costs the kernels of a graph and gathers everything the user should know about the result. */
export function buildReport(
  definition: PredictorDefinition,
  latencyModel: LatencyModel,
  graph: Graph,
  kernels: readonly Kernel[],
): LatencyReport {
  const costs = latencyModel.predictKernels(kernels, graph);
  const predictions = graph.nodes.some(isAssumed) ? withAssumed(costs, kernels) : costs;
  const latencyMs = predictions.reduce(
    (sum, prediction) => sum + prediction.latencyMs,
    latencyModel.startupMs,
  );
  const missing = measureUncounted(
    graph,
    new Set(
      kernels.flatMap(({ nodes }, index) =>
        predictions[index]!.basis === 'uncounted' ? nodes : [],
      ),
    ),
  );
  const precision = precisionOf(graph);
  return {
    model: graph.name,
    predictor: definition.name,
    version: definition.version,
    latencyMs,
    startupMs: latencyModel.startupMs,
    interval: missing.complete ? latencyModel.interval(latencyMs, predictions) : null,
    coverage: measureCoverage(graph, kernels, predictions),
    ...missing,
    precision,
    kernels: kernels.map((kernel, index) => kernelLatency(kernel, predictions[index]!)),
    extrapolation: [...new Set(predictions.flatMap(({ extrapolation }) => extrapolation ?? []))],
    warnings: [
      ...graph.warnings,
      ...experimentalWarnings(definition),
      ...precisionWarnings(precision, definition.settings?.[0]?.precision),
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

function kernelLatency(kernel: Kernel, prediction: KernelPrediction): KernelLatency {
  const { latencyMs, estimatedMs } = prediction;
  return {
    type: kernel.type,
    nodes: kernel.nodes.map((node) => node.name),
    latencyMs,
    basis: prediction.basis,
    input: channelsLast(kernel.inputs[0]),
    output: channelsLast(kernel.outputs[0]),
    configuration: prediction.description,
    ...(estimatedMs > 0 && { estimatedShare: estimatedMs / latencyMs }),
  };
}

function channelsLast(tensor: Tensor | undefined): readonly number[] {
  return tensor?.shape === undefined ? [] : channelsLastShape(tensor);
}
