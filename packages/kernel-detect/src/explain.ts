import { type Graph, NnMeterError } from '@nnmeter/ir';
import { isMatch } from './blocks/block.ts';
import type { BlocksByAnchor } from './blocks/index.ts';
import { NONE } from './graph-view.ts';
import { analyse, firstNodeReadOutside, Grouping } from './grouping.ts';
import type { NormalForm } from './normal-form/normal-form.ts';
import { compileRules, type FusionRules } from './rules.ts';

/** Whether two nodes that follow each other are in one kernel, and why. */
export interface FusionDecision {
  /** Name of the node whose result is read. */
  readonly from: string;
  /** Name of the node that reads it. */
  readonly to: string;
  readonly fused: boolean;
  readonly reason: string;
}

/** A block that was looked for around a node and not found. */
export interface BlockDecision {
  /** `se`, `hswish`, ... */
  readonly block: string;
  /** Name of the node it was looked for at. */
  readonly anchor: string;
  /** The node and the condition it fails. */
  readonly reason: string;
}

export interface FusionExplanation {
  /** One entry an edge between two nodes, in topological order of the reader. */
  readonly pairs: readonly FusionDecision[];
  readonly blocks: readonly BlockDecision[];
}

/**
 * Why nodes are fused or not on a device with these rules; for the whole graph, or for what concerns one node.
 * @throws NnMeterError E_INVALID_INPUT if there is no node of that name, or the rules are not understood.
 */
export function explainFusion(
  graph: Graph,
  rules: FusionRules,
  nodeName?: string,
): FusionExplanation {
  if (nodeName !== undefined && graph.node(nodeName) === undefined) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `graph "${graph.name}" has no node "${nodeName}"; nodes are named as in \`graph.nodes\``,
    );
  }
  const compiled = compileRules(rules);
  const analysis = analyse(graph, compiled);
  const { normal, blocks: known } = analysis;
  const grouping = new Grouping(analysis, compiled);
  const { view } = grouping;
  const concerns = (...names: string[]) => nodeName === undefined || names.includes(nodeName);

  const pairs: FusionDecision[] = absorbedPairs(graph, normal).filter(({ from, to }) =>
    concerns(from, to),
  );
  const blocks: BlockDecision[] = [];
  for (let to = 0; to < view.nodes.length; to++) {
    const name = view.nodes[to]!.name;
    const producers = new Set(
      view.slotProducers.slice(view.slotStart[to]!, view.slotStart[to + 1]!),
    );
    for (const from of producers) {
      if (from === NONE || !concerns(name, view.nodes[from]!.name)) continue;
      pairs.push({ from: view.nodes[from]!.name, to: name, ...explainPair(grouping, from, to) });
    }
    if (concerns(name)) blocks.push(...explainBlocks(grouping, known, to));
  }
  return { pairs, blocks };
}

/** Nodes that are not run, each with the node that does its work. */
function absorbedPairs(graph: Graph, normal: NormalForm | undefined): FusionDecision[] {
  return [...(normal?.absorbed ?? [])].flatMap(([place, absorbed]) => {
    const from = graph.nodes[normal!.positions[place]!]!.name;
    return absorbed.map(({ position, reason }) => {
      return { from, to: graph.nodes[position]!.name, fused: true, reason };
    });
  });
}

function explainPair(
  grouping: Grouping,
  from: number,
  to: number,
): Pick<FusionDecision, 'fused' | 'reason'> {
  const { view, groups, groupOf, blockOf } = grouping;
  const block = blockOf[to];
  const own = groups[groupOf[to]!]!;
  if (groupOf[from] === groupOf[to]) {
    if (block !== undefined && block === blockOf[from]) {
      return { fused: true, reason: `both belong to the block ${block.block.name}` };
    }
    const stage = grouping.stageOf(to);
    if (grouping.isBias(to) && !own.state.stages.includes('add')) {
      return { fused: true, reason: 'the add of a constant is the bias of its layer' };
    }
    return { fused: true, reason: `rule BF_${own.state.root}_${stage} is true` };
  }
  const refusal = grouping.refusal(from, to);
  if (refusal !== undefined) return { fused: false, reason: refusal };
  const winner = view.nodes[own.nodes[0]!]!.name;
  return { fused: false, reason: `the kernel of "${winner}", completed later, takes it` };
}

function explainBlocks(
  { view, blockOf }: Grouping,
  known: BlocksByAnchor,
  anchor: number,
): BlockDecision[] {
  const decisions: BlockDecision[] = [];
  const { name, op } = view.nodes[anchor]!;
  for (const block of known.get(op) ?? []) {
    if (blockOf[anchor]?.block === block) break;
    const result = block.match(view, anchor);
    let culprit: number;
    let condition: string;
    if (isMatch(result)) {
      culprit = firstNodeReadOutside(view, block, result);
      condition = 'is read from outside the block too';
      if (culprit === NONE) {
        culprit = result.find((node) => blockOf[node] !== undefined)!;
        condition = `belongs to the block ${blockOf[culprit]!.block.name} already`;
      }
    } else {
      culprit = result.node;
      condition = result.condition;
    }
    decisions.push({
      block: block.name,
      anchor: name,
      reason: `"${view.nodes[culprit]!.name}" ${condition}`,
    });
  }
  return decisions;
}
