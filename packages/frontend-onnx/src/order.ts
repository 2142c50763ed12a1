import { NnMeterError, quote } from '@nnmeter/ir';
import type { GraphProto, NodeProto } from './model.ts';

/**
 * Nodes in an order in which every node follows those whose results it reads. Files should have it already; then, and
 * where possible otherwise, the order is kept. Linear in nodes and edges.
 * @throws NnMeterError E_INVALID_GRAPH for a tensor computed twice and for a cycle.
 */
export function orderNodes(nodes: readonly NodeProto[]): readonly NodeProto[] {
  const producers = new Map<string, number>();
  nodes.forEach((node, index) => {
    for (const output of node.output ?? []) {
      if (output === '') continue;
      const other = producers.get(output);
      if (other !== undefined) {
        throw invalid(
          `tensor ${quote(output)} is computed twice, by ${describeNode(nodes[other]!)} and by ${describeNode(node)}`,
        );
      }
      producers.set(output, index);
    }
  });
  const dependencies = (node: NodeProto): readonly number[] =>
    readNames(node).flatMap((name) => producers.get(name) ?? []);
  const sorted = nodes.every((node, index) => dependencies(node).every((from) => from < index));
  return sorted ? nodes : depthFirst(nodes, dependencies);
}

function depthFirst(
  nodes: readonly NodeProto[],
  dependencies: (node: NodeProto) => readonly number[],
): readonly NodeProto[] {
  const sorted: NodeProto[] = [];
  const state = new Uint8Array(nodes.length);
  const [OPEN, DONE] = [1, 2];
  for (let start = 0; start < nodes.length; start++) {
    if (state[start] !== 0) continue;
    const stack = [{ index: start, rest: dependencies(nodes[start]!).values() }];
    state[start] = OPEN;
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const { value, done } = top.rest.next();
      if (done) {
        state[top.index] = DONE;
        sorted.push(nodes[top.index]!);
        stack.pop();
      } else if (state[value] === OPEN) {
        const from = stack.findIndex(({ index }) => index === value);
        throw cycle(stack.slice(from).map(({ index }) => nodes[index]!));
      } else if (state[value] === 0) {
        state[value] = OPEN;
        stack.push({ index: value, rest: dependencies(nodes[value]!).values() });
      }
    }
  }
  return sorted;
}

function cycle(nodes: readonly NodeProto[]): NnMeterError {
  const shown = nodes.slice(0, 5).map(describeNode).reverse();
  if (nodes.length > 5) shown.unshift('...');
  return invalid(`nodes read each other's results in a cycle: ${shown.join(' -> ')}`);
}

/** Names a node reads, also inside its subgraphs, without those that are defined there. */
export function readNames(node: NodeProto): readonly string[] {
  const subgraphs = subgraphsOf(node);
  if (subgraphs.length === 0) return node.input ?? [];
  const names = [...(node.input ?? [])];
  const inside = new Set(node.output);
  const seen = new Set<GraphProto>();
  for (let graph = subgraphs.pop(); graph !== undefined; graph = subgraphs.pop()) {
    if (seen.has(graph)) continue;
    seen.add(graph);
    for (const named of [...(graph.input ?? []), ...(graph.initializer ?? [])]) {
      inside.add(named.name ?? '');
    }
    for (const inner of graph.node ?? []) {
      for (const name of inner.input ?? []) names.push(name);
      for (const name of inner.output ?? []) inside.add(name);
      for (const nested of subgraphsOf(inner)) subgraphs.push(nested);
    }
    for (const output of graph.output ?? []) names.push(output.name ?? '');
  }
  return names.filter((name) => !inside.has(name));
}

function subgraphsOf(node: NodeProto): GraphProto[] {
  return (node.attribute ?? []).flatMap((attribute) => attribute.g ?? []);
}

/** A node's name, or its first output's, and its op. */
export function describeNode(node: NodeProto): string {
  return `${quote(node.name || node.output?.[0] || '')} (${quote(node.opType ?? '').slice(1, -1)})`;
}

function invalid(what: string): NnMeterError {
  return new NnMeterError('E_INVALID_GRAPH', `the ONNX graph is not valid: ${what}`);
}
