import type { FlatGraph, TfNode } from './flatten.ts';
import { hasOnlySideEffects } from './ops/table.ts';

/** Results of a graph without a signature: what nothing else of the network reads. */
export function unreadResults(flat: FlatGraph): {
  results: string[];
  dropped: ReadonlyMap<string, number>;
} {
  const readByNetwork = new Set<string>();
  const readByAnything = new Set<string>();
  const dropped = new Map<string, number>();
  for (const node of flat.nodes.values()) {
    const isSideEffect = hasOnlySideEffects(node.op);
    if (isSideEffect) dropped.set(node.op, (dropped.get(node.op) ?? 0) + 1);
    for (const input of node.inputs) {
      const producer = input.slice(0, input.lastIndexOf(':'));
      readByAnything.add(producer);
      if (!isSideEffect) readByNetwork.add(producer);
    }
  }
  for (const target of flat.aliases.values()) {
    const producer = target.slice(0, target.lastIndexOf(':'));
    readByAnything.add(producer);
  }
  const isResult = (node: TfNode): boolean =>
    !hasOnlySideEffects(node.op) &&
    node.op !== 'Const' &&
    node.op !== 'Placeholder' &&
    node.inputs.length > 0;
  const all = [...flat.nodes.values()].filter(isResult);
  const candidates = all.filter((node) => !readByNetwork.has(node.name));
  const unread = candidates.filter((node) => !readByAnything.has(node.name));
  // Where every result is read there is a cycle; following them all finds it.
  const results = [unread, candidates, all].find((nodes) => nodes.length > 0) ?? [];
  return {
    results: results.map((node) => `${node.name}:0`),
    dropped,
  };
}
