import { type FlatGraph, nodeNameOf, type TfNode } from './flatten.ts';
import { hasOnlySideEffects } from './ops/table.ts';

/** Results of a graph without a signature: what nothing else of the network reads. */
export function unreadResults(flat: FlatGraph): {
  results: string[];
  dropped: ReadonlyMap<string, number>;
} {
  const readByNetwork = new Set<TfNode | undefined>();
  const readByAnything = new Set<TfNode | undefined>();
  const dropped = new Map<string, number>();
  for (const node of flat.nodes.values()) {
    const isSideEffect = hasOnlySideEffects(node.op);
    if (isSideEffect) dropped.set(node.op, (dropped.get(node.op) ?? 0) + 1);
    for (const input of node.inputs) {
      const producer = flat.nodeOf(input);
      readByAnything.add(producer);
      if (!isSideEffect) readByNetwork.add(producer);
    }
  }
  for (const target of flat.aliases.values()) {
    readByAnything.add(flat.nodeOf(target));
  }
  const inLoops = nodesOfLoops(flat);
  const isResult = (node: TfNode): boolean =>
    !inLoops.has(node.name) &&
    !hasOnlySideEffects(node.op) &&
    node.op !== 'Const' &&
    node.op !== 'Placeholder' &&
    node.inputs.length > 0;
  const all = [...flat.nodes.values()].filter(isResult);
  const candidates = all.filter((node) => !readByNetwork.has(node));
  const unread = candidates.filter((node) => !readByAnything.has(node));
  // Where every result is read there is a cycle; following them all finds it.
  const results = [unread, candidates, all].find((nodes) => nodes.length > 0) ?? [];
  return {
    results: results.map((node) => `${node.name}:0`),
    dropped,
  };
}

/** What stands between the entries and the exits of TensorFlow 1's loops: only the exits leave a loop. */
function nodesOfLoops(flat: FlatGraph): ReadonlySet<string> {
  const found = new Set<string>();
  const entries = [...flat.nodes.values()].filter(({ op }) => op === 'Enter' || op === 'RefEnter');
  if (entries.length === 0) return found;
  const readers = new Map<string, TfNode[]>();
  for (const node of flat.nodes.values()) {
    for (const input of node.inputs) {
      const name = nodeNameOf(flat.aliases.get(input) ?? input);
      const list = readers.get(name);
      if (list === undefined) readers.set(name, [node]);
      else list.push(node);
    }
  }
  const pending = entries;
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (found.has(node.name) || node.op === 'Exit' || node.op === 'RefExit') continue;
    found.add(node.name);
    pending.push(...(readers.get(node.name) ?? []));
  }
  return found;
}

/** The placeholders that results depend on. */
export function placeholdersOf(flat: FlatGraph, results: readonly string[]): readonly TfNode[] {
  const reached = new Set<TfNode | string>();
  const pending = [...results];
  for (let key = pending.pop(); key !== undefined; key = pending.pop()) {
    const target = flat.aliases.get(key);
    const place = target === undefined ? flat.nodeOf(key) : key;
    if (place === undefined || reached.has(place)) continue;
    reached.add(place);
    if (target !== undefined) pending.push(target);
    else if (typeof place === 'object') pending.push(...place.inputs);
  }
  return [...flat.nodes.values()].filter((node) => node.op === 'Placeholder' && reached.has(node));
}
