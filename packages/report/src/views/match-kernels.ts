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
  const join = (one: number, another: number): void => {
    const [a, b] = [leaderOf(one), leaderOf(another)];
    leaders[Math.max(a, b)] = Math.min(a, b);
  };
  const nodes: NamedNode[] = [];
  const nodeOf = new Map<string, NamedNode>();
  for (let index = 0; index < all.length; index++) {
    for (const name of all[index]!.nodes) {
      const known = nodeOf.get(name);
      if (known === undefined) {
        const node = { name, kernel: index, isMatched: false };
        nodeOf.set(name, node);
        nodes.push(node);
      } else {
        join(index, known.kernel);
        known.isMatched = true;
      }
    }
  }
  const lone = nodes.filter(({ isMatched }) => !isMatched);
  for (const [one, another] of sameInPlace(lone, after.length)) join(one, another);
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

/** A node by its name, with the first kernel that runs it. */
interface NamedNode {
  readonly name: string;
  readonly kernel: number;
  /** Whether another kernel runs it too. */
  isMatched: boolean;
}

/**
 * Exporters number nodes through the whole model, so that one more at its beginning gives other names to all behind it: what
 * no name matches is matched by its module, op and place among those of the same op there.
 * @param lone nodes that one side alone has; kernels from `first` on are of the first report
 * @returns pairs of kernels
 */
function* sameInPlace(lone: readonly NamedNode[], first: number): Generator<[number, number]> {
  const counts = [new Map<string, number>(), new Map<string, number>()] as const;
  const kernelAt = new Map<string, number>();
  for (const { name, kernel } of lone) {
    const [, op = ''] = /^(.*\/.*?)(?:_\d+)?$/.exec(name) ?? [];
    if (op === '') continue;
    const isOfFirst = kernel >= first;
    const count = counts[isOfFirst ? 0 : 1];
    const place = count.get(op) ?? 0;
    count.set(op, place + 1);
    const other = kernelAt.get(`${op} ${place}`);
    if (!isOfFirst) kernelAt.set(`${op} ${place}`, kernel);
    else if (other !== undefined) yield [kernel, other];
  }
}
