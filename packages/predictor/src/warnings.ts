import type { Graph, Node } from '@nnmeter/ir';
import type { Kernel } from '@nnmeter/kernel-detect';
import type { KernelPrediction } from './latency-model/index.ts';
import { hasShapes } from './latency-model/kernel-description.ts';

/** What the user should know about a prediction: nothing may be counted as 0 ms, or as measured, without a word. */
export function predictionWarnings(
  graph: Graph,
  kernels: readonly Kernel[],
  predictions: readonly KernelPrediction[],
): string[] {
  const uncounted: Node[] = [];
  const unknown: Node[] = [];
  const estimated = new Set<string>();
  for (const [index, kernel] of kernels.entries()) {
    if (!hasShapes(kernel)) uncounted.push(...kernel.nodes);
    else if (kernel.root.op === 'custom') unknown.push(...kernel.nodes);
    else if (predictions[index]!.basis === 'estimated') estimated.add(kernel.type);
  }
  const warnings: string[] = [];
  if (graph.nodes.length === 0) warnings.push('the model has no operations');
  if (uncounted.length > 0) {
    warnings.push(
      `not counted in the latency, because shapes are unknown: ${listNodes(uncounted)}; ` +
        "give the shapes of the model's inputs, or a model that states its shapes",
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

const NAMES_SHOWN = 5;

function listNodes(nodes: readonly Node[]): string {
  const shown = nodes.slice(0, NAMES_SHOWN).map((node) => `"${node.name}" (${node.sourceOp})`);
  const rest = nodes.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}
