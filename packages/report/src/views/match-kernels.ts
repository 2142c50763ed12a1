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
  const leaders = new Int32Array(all.length).map((_, index) => index);
  const leaderOf = (index: number): number => {
    let leader = index;
    while (leaders[leader] !== leader) leader = leaders[leader] = leaders[leaders[leader]!]!;
    return leader;
  };
  const kernelOf = new Map<string, number>();
  for (let index = 0; index < all.length; index++) {
    for (const node of all[index]!.nodes) {
      const other = kernelOf.get(node);
      if (other === undefined) kernelOf.set(node, index);
      else {
        const [one, another] = [leaderOf(index), leaderOf(other)];
        leaders[Math.max(one, another)] = Math.min(one, another);
      }
    }
  }
  const rows: { name: string; types: [string, string]; ms: [number, number] }[] = [];
  const rowOf = new Int32Array(all.length);
  for (let index = 0; index < all.length; index++) {
    const { nodes, type, latencyMs } = all[index]!;
    const leader = leaderOf(index);
    if (leader === index)
      rowOf[index] = rows.push({ name: nodes[0] ?? '', types: ['', ''], ms: [0, 0] }) - 1;
    const { types, ms } = rows[rowOf[leader]!]!;
    const side = index < after.length ? 1 : 0;
    types[side] += types[side] === '' ? type : ` + ${type}`;
    ms[side] += latencyMs;
  }
  return rows;
}
