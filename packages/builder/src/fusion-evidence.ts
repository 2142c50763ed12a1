import { type Graph, opRow } from '@nnmeter/ir';
import { detectKernels, type Kernel } from '@nnmeter/kernel-detect';
import type { FusedNode } from '@nnmeter/runners';

/** How often a runtime fused what a rule is about. */
export interface Votes {
  fused: number;
  apart: number;
}

const NO_RULES = { fuse: {} };

/**
 * Counts for the rules `BF_<first>_<second>` of @nnmeter/kernel-detect what a runtime's optimised graph shows: a stage is
 * fused if the node that runs it runs the stage before it too. Where nothing but that stage reads the one before, and
 * they are apart, that counts against the rule.
 * @param groups nodes that the runtime runs as one
 */
export function countVotes(
  graph: Graph,
  groups: readonly FusedNode[],
  votes: Map<string, Votes>,
): void {
  const stages = detectKernels(graph, NO_RULES);
  const groupOf = groupsOf(stages, groups);
  const members = new Map<number, Kernel[]>();
  for (const stage of stages) {
    const group = groupOf[stage.index];
    if (group === undefined) continue;
    members.set(group, [...(members.get(group) ?? []), stage]);
  }
  // Two products are no kernel; which of them the other nodes belong to is not shown.
  for (const [group, own] of members) if (own.filter(isWeighted).length > 1) members.delete(group);
  const vote = (first: string, second: string, what: keyof Votes): void => {
    const rule = `BF_${first}_${second}`;
    const counted = votes.get(rule) ?? { fused: 0, apart: 0 };
    counted[what]++;
    votes.set(rule, counted);
  };
  for (const group of members.values()) {
    for (const [place, stage] of group.entries()) {
      const before = group.slice(0, place);
      if (!before.some(({ index }) => stage.inputKernels.includes(index))) continue;
      const { root, last } = endsOf(before);
      if (movesOnly(group[0]!) && !movesOnly(stage)) break;
      vote(root, stage.type, 'fused');
      if (last !== root) vote(last, stage.type, 'fused');
    }
  }
  const readers = countReaders(stages, graph);
  for (const stage of stages) {
    for (const index of stage.inputKernels) {
      const [own, before] = [groupOf[stage.index], groupOf[index]];
      if (own === undefined || before === undefined || own === before || readers[index] !== 1)
        continue;
      const stagesBefore = members.get(before);
      // A stage that takes another of its inputs into its kernel had to leave this one.
      if (members.get(own)?.[0] !== stage || stagesBefore === undefined) continue;
      const { root, last } = endsOf(stagesBefore);
      // Of a longer kernel it is not known which of the two rules keeps the stage out.
      if (root === last) vote(root, stage.type, 'apart');
    }
  }
}

/** The group of every stage; undefined where the runtime does not show it, or runs it in parts. */
function groupsOf(
  stages: readonly Kernel[],
  groups: readonly FusedNode[],
): readonly (number | undefined)[] {
  const groupOfNode = new Map<string, number>();
  for (const [group, { nodes }] of groups.entries())
    for (const node of nodes) groupOfNode.set(node, group);
  return stages.map(({ nodes }) => {
    const found = new Set(nodes.map(({ name }) => groupOfNode.get(name)));
    found.delete(undefined);
    return found.size === 1 ? [...found][0] : undefined;
  });
}

function isWeighted({ root }: Kernel): boolean {
  return opRow(root.op).weighted === true;
}

/** Whether a kernel is a reshape or a copy: at the front of what computes it does not make one of that. */
export function movesOnly({ type, root }: Kernel): boolean {
  return type === root.op && ['reshape', 'copy'].includes(opRow(root.op).cost);
}

/** As kernels grow: the first stage, and the last that is not a batch normalisation. */
function endsOf(stages: readonly Kernel[]): { root: string; last: string } {
  const root = stages[0]!.type;
  return { root, last: stages.findLast(({ type }) => type !== 'bn')?.type ?? root };
}

/** How many stages read each; what the graph returns has one more reader. */
function countReaders(stages: readonly Kernel[], graph: Graph): Uint32Array {
  const readers = new Uint32Array(stages.length);
  const results = new Set(graph.outputs);
  for (const { index, inputKernels, outputs } of stages) {
    for (const input of inputKernels) readers[input]!++;
    if (outputs.some(({ name }) => results.has(name))) readers[index]!++;
  }
  return readers;
}
