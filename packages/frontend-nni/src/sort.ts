import { NnMeterError, quote } from '@nnmeter/ir';
import type { FlatNode } from './flatten.ts';

/**
 * Nodes after the nodes they read, in linear time.
 * @throws NnMeterError E_INVALID_GRAPH naming the nodes of a cycle.
 */
export function sortFlatNodes(nodes: readonly FlatNode[]): FlatNode[] {
  const waiting = new Map<FlatNode, number>();
  const readers = new Map<FlatNode, FlatNode[]>();
  for (const node of nodes) {
    const sources = producers(node);
    waiting.set(node, sources.length);
    for (const source of sources) {
      const list = readers.get(source);
      if (list === undefined) readers.set(source, [node]);
      else list.push(node);
    }
  }
  const sorted = nodes.filter((node) => waiting.get(node) === 0);
  for (const node of sorted) {
    waiting.delete(node);
    for (const reader of readers.get(node) ?? []) {
      const left = waiting.get(reader)! - 1;
      waiting.set(reader, left);
      if (left === 0) sorted.push(reader);
    }
  }
  if (sorted.length < nodes.length) throw cycle(waiting);
  return sorted;
}

function producers(node: FlatNode): FlatNode[] {
  const found = new Set([...node.inputs.values()].map((input) => input.node));
  found.delete('input');
  return [...found] as FlatNode[];
}

/** Every node left waits for another one left: going from one to the next must come around. */
function cycle(left: ReadonlyMap<FlatNode, number>): NnMeterError {
  const path = new Set<FlatNode>();
  let node = left.keys().next().value!;
  while (!path.has(node)) {
    path.add(node);
    node = producers(node).find((producer) => left.has(producer))!;
  }
  const names = [...path].slice([...path].indexOf(node)).map(({ name }) => quote(name));
  const shown = names.length > 6 ? [...names.slice(0, 5), '...'] : names;
  return new NnMeterError(
    'E_INVALID_GRAPH',
    `NNI graph: nodes read each other's results in a cycle: ${shown.reverse().join(' -> ')}`,
  );
}
