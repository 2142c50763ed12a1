import { elementCount, type Graph, type Node } from '@nnmeter/ir';
import type { Kernel } from '@nnmeter/kernel-detect';
import type { KernelPrediction, LatencyModel } from '@nnmeter/latency-model';
import { hasElements } from '@nnmeter/latency-model';
import type { PredictorDefinition } from './definition.ts';
import { settingOf } from './settings.ts';

/** That what was measured is no latency of a batch of one. */
export function throughputWarnings({ device }: PredictorDefinition): string[] {
  return device.isThroughput === true
    ? [
        `${device.processor} was measured by throughput: ms for each image of a batch so large that no launch counts; a small batch takes longer`,
      ]
    : [];
}

/** What an experimental predictor is worth, in every report. */
export function experimentalWarnings(definition: PredictorDefinition): string[] {
  const { name, accuracy, manifest } = definition;
  if (accuracy !== 'experimental') return [];
  const learned = settingOf(definition)?.learned;
  const { within10 } = learned?.unseen ?? manifest.heldOut;
  const networks = learned?.networks ?? manifest.models;
  return [
    `${name} is experimental: learned from ${networks} networks; of networks of unseen families ${(100 * within10).toFixed(0)} % were predicted within 10 %`,
  ];
}

/** What the user should know about a prediction: nothing may be counted as 0 ms, or as measured, without a word. */
export function predictionWarnings(
  graph: Graph,
  kernels: readonly Kernel[],
  predictions: readonly KernelPrediction[],
  { unmeasuredStages }: Pick<LatencyModel, 'unmeasuredStages'>,
): string[] {
  const uncounted: Node[] = [];
  const unknown: Node[] = [];
  const empty: Node[] = [];
  const estimated = new Set<string>();
  for (const [index, kernel] of kernels.entries()) {
    const { description } = predictions[index]!;
    if (predictions[index]!.basis === 'uncounted') uncounted.push(...kernel.nodes);
    else if (description !== undefined && !hasElements(description)) empty.push(...kernel.nodes);
    else if (kernel.root.op === 'custom') unknown.push(...kernel.nodes);
    else if (predictions[index]!.basis === 'estimated')
      estimated.add(estimatedPart(kernel, predictions[index]!, unmeasuredStages(kernel)));
  }
  const warnings: string[] = [];
  if (graph.nodes.length === 0) warnings.push('the model has no operations');
  if (uncounted.length > 0) {
    warnings.push(
      `not counted in the latency, because shapes are unknown: ${listNodes(uncounted)}; ` +
        "give the shapes of the model's inputs, or a model that states its shapes",
    );
  }
  if (empty.length > 0) {
    warnings.push(
      `0 ms, because a dimension of what they read or write is 0: ${listNodes(empty)}; give the shapes of the model's inputs`,
    );
  }
  if (unknown.length > 0) {
    warnings.push(
      `unknown operations, estimated from the data that they move: ${listNodes(unknown)}`,
    );
  }
  if (estimated.size > 0) {
    warnings.push(
      `never measured on this device, hence estimated: ${[...estimated].sort().join(', ')}`,
    );
  }
  return warnings;
}

/** What of a kernel was estimated: `leakyrelu in conv-bn-leakyrelu`, or all of it. */
function estimatedPart(
  kernel: Kernel,
  { latencyMs, estimatedMs }: KernelPrediction,
  stages: readonly string[],
): string {
  return estimatedMs < latencyMs
    ? `${[...new Set(stages)].join(' and ')} in ${kernel.type}`
    : variantName(kernel);
}

/** The kernel's type, with what sets it apart from the measured kernels of that type: `conv-relu (grouped)`. */
function variantName(kernel: Kernel): string {
  const { root, type } = kernel;
  const variants: string[] = [];
  if (root.op === 'conv' || root.op === 'dwconv') {
    const { group, dilations, kernelShape } = root.attributes;
    if (root.op === 'conv' && group > 1) variants.push('grouped');
    if (dilations.some((dilation) => dilation > 1)) variants.push('dilated');
    if (kernelShape.length !== 2) variants.push(`${kernelShape.length}-D`);
  } else if (root.op === 'fc' && elementCount(kernel.inputs[0]?.shape?.slice(0, -1) ?? []) > 1) {
    variants.push('of several rows');
  }
  return variants.length === 0 ? type : `${type} (${variants.join(', ')})`;
}

const NAMES_SHOWN = 5;

function listNodes(nodes: readonly Node[]): string {
  const shown = nodes.slice(0, NAMES_SHOWN).map((node) => `"${node.name}" (${node.sourceOp})`);
  const rest = nodes.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}
