import type { ViewedKernel } from './page-data.ts';

/** Kernels of two reports that run the same nodes; one side is empty where the other alone has them. */
export interface MatchedKernels {
  /** The first of their nodes. */
  readonly name: string;
  readonly types: readonly [before: string, after: string];
  readonly ms: readonly [before: number, after: number];
}

/**
 * Matches kernels by the names of their nodes. Where devices fuse differently, several kernels of one side match one of the other.
 * In the order of the second report, then what only the first has.
 */
export function matchKernels(
  before: readonly ViewedKernel[],
  after: readonly ViewedKernel[],
): readonly MatchedKernels[] {
  const all = [...after, ...before];
  const leaders = all.map((_, index) => index);
  const leaderOf = (index: number): number => {
    let leader = index;
    while (leaders[leader] !== leader) leader = leaders[leader] = leaders[leaders[leader]!]!;
    return leader;
  };
  const kernelOf = new Map<string, number>();
  for (const [index, { nodes }] of all.entries()) {
    for (const node of nodes) {
      const other = kernelOf.get(node);
      if (other === undefined) kernelOf.set(node, index);
      else {
        const [low, high] = [leaderOf(index), leaderOf(other)].sort((a, b) => a - b);
        leaders[high!] = low!;
      }
    }
  }
  const groups = new Map<number, [ViewedKernel[], ViewedKernel[]]>();
  for (const [index, kernel] of all.entries()) {
    const leader = leaderOf(index);
    const group = groups.get(leader) ?? [[], []];
    groups.set(leader, group);
    group[index < after.length ? 1 : 0].push(kernel);
  }
  return [...groups.values()].map(([first, second]) => ({
    name: (second[0] ?? first[0])!.nodes[0] ?? '',
    types: [typesOf(first), typesOf(second)],
    ms: [sumOf(first), sumOf(second)],
  }));
}

function typesOf(kernels: readonly ViewedKernel[]): string {
  return kernels.map(({ type }) => type).join(' + ');
}

function sumOf(kernels: readonly ViewedKernel[]): number {
  return kernels.reduce((sum, { latencyMs }) => sum + latencyMs, 0);
}
