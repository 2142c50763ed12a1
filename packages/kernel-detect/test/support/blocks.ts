import type { Graph } from '@nnmeter/ir';
import { detectKernels, explainFusion } from '@nnmeter/kernel-detect';

const NO_RULES = { fuse: {} };

/** What detection finds without any fusion rule: kernel types in order. */
export function stages(graph: Graph): string[] {
  return detectKernels(graph, NO_RULES).map((kernel) => kernel.type);
}

/** Why a block was not found at a node. */
export function whyNot(graph: Graph, block: string, anchor: string): string | undefined {
  const { blocks } = explainFusion(graph, NO_RULES, anchor);
  return blocks.find((decision) => decision.block === block)?.reason;
}
