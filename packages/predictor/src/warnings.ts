import type { Graph, Node } from '@nnmeter/ir';
import type { Kernel } from '@nnmeter/kernel-detect';
import type { KernelPrediction } from './latency-model/index.ts';

/** What the user should know about a prediction: nothing may be counted as 0 ms, or as measured, without a word. */
export function predictionWarnings(
  graph: Graph,
  kernels: readonly Kernel[],
  predictions: readonly KernelPrediction[],
): string[] {
  const warnings: string[] = [];
  if (graph.nodes.length === 0) warnings.push('the model has no operations');
  const shapeless = graph.nodes.filter((node) => !hasShapes(graph, node));
  if (shapeless.length > 0) {
    warnings.push(
      `not counted in the latency, because shapes are unknown: ${listNodes(shapeless)}; give the shapes of the model's inputs`,
    );
  }
  const unknown = kernels
    .flatMap((kernel) => kernel.nodes)
    .filter((node) => node.op === 'custom' && hasShapes(graph, node));
  if (unknown.length > 0) {
    warnings.push(
      `unknown operations, estimated from the data that they move: ${listNodes(unknown)}`,
    );
  }
  const types = new Set<string>();
  for (const [index, kernel] of kernels.entries()) {
    if (predictions[index]!.basis === 'estimated' && kernel.root.op !== 'custom')
      types.add(kernel.type);
  }
  if (types.size > 0) {
    warnings.push(
      `never measured on this device, hence estimated: ${[...types].sort().join(', ')}`,
    );
  }
  return warnings;
}

/** Whether everything a node reads and writes has a shape. */
export function hasShapes(graph: Graph, node: Node): boolean {
  return [...node.inputs, ...node.outputs].every(
    (name) => name === '' || graph.tensor(name).shape !== undefined,
  );
}

const NAMES_SHOWN = 5;

function listNodes(nodes: readonly Node[]): string {
  const shown = nodes.slice(0, NAMES_SHOWN).map((node) => `"${node.name}" (${node.sourceOp})`);
  const rest = nodes.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}
