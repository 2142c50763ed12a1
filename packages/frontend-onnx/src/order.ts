import { NnMeterError, quote } from '@nnmeter/ir';
import type { GraphTable } from './graph-table.ts';
import type { GraphProto, NodeProto } from './model.ts';
import type { NodeForm } from './node-form.ts';

const NONE = -1;

/**
 * Nodes in an order in which every node follows those whose results it reads; undefined if they are in it already, as
 * files should have them. Where possible the order is kept. Linear in nodes and edges.
 * @throws NnMeterError E_INVALID_GRAPH for a tensor computed twice and for a cycle.
 */
export function orderNodes(table: GraphTable): Int32Array | undefined {
  const { names, nodeCount } = table;
  const [inputs, inputStart] = [table.nodeInputs.items, table.inputStart.items];
  const [outputs, outputStart] = [table.nodeOutputs.items, table.outputStart.items];
  const producers = new Int32Array(names.size).fill(NONE);
  for (let node = 0; node < nodeCount; node++) {
    for (let at = outputStart[node]!; at < outputStart[node + 1]!; at++) {
      const output = outputs[at]!;
      if (output === 0) continue;
      if (producers[output] !== NONE) {
        throw invalid(
          `tensor ${quote(names.text(output))} is computed twice, by ${table.describe(producers[output]!)} and by ${table.describe(node)}`,
        );
      }
      producers[output] = node;
    }
  }
  let isSorted = true;
  for (let node = 0; node < nodeCount && isSorted; node++) {
    for (let at = inputStart[node]!; at < inputStart[node + 1]!; at++) {
      if (producers[inputs[at]!]! >= node) isSorted = false;
    }
    if (table.forms[node]!.subgraphs.length > 0) {
      for (const read of numbersOfReads(table, node))
        if (producers[read]! >= node) isSorted = false;
    }
  }
  return isSorted ? undefined : depthFirst(table, producers);
}

function depthFirst(table: GraphTable, producers: Int32Array): Int32Array {
  const sorted = new Int32Array(table.nodeCount);
  let count = 0;
  const state = new Uint8Array(table.nodeCount);
  const [OPEN, DONE] = [1, 2];
  const open = (node: number) => {
    state[node] = OPEN;
    return { node, reads: numbersOfReads(table, node), next: 0 };
  };
  for (let start = 0; start < table.nodeCount; start++) {
    if (state[start] !== 0) continue;
    const stack = [open(start)];
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const read = top.reads[top.next++];
      if (read === undefined) {
        state[top.node] = DONE;
        sorted[count++] = top.node;
        stack.pop();
        continue;
      }
      const producer = producers[read] ?? NONE;
      if (producer === NONE) continue;
      if (state[producer] === OPEN) {
        const from = stack.findIndex(({ node }) => node === producer);
        throw cycle(
          table,
          stack.slice(from).map(({ node }) => node),
        );
      }
      if (state[producer] === 0) stack.push(open(producer));
    }
  }
  return sorted;
}

function cycle(table: GraphTable, nodes: readonly number[]): NnMeterError {
  const shown = nodes
    .slice(0, 5)
    .map((node) => table.describe(node))
    .reverse();
  if (nodes.length > 5) shown.unshift('...');
  return invalid(`nodes read each other's results in a cycle: ${shown.join(' -> ')}`);
}

/** Numbers of the names of this graph that a node reads. */
function numbersOfReads(table: GraphTable, node: number): readonly number[] {
  if (table.forms[node]!.subgraphs.length === 0) return table.inputsOf(node);
  return readNames(table, node)
    .map((name) => table.names.find(name))
    .filter((name) => name !== NONE);
}

/** Names that a node reads, also inside its subgraphs, without those that are defined there. */
export function readNames(table: GraphTable, node: number): readonly string[] {
  const { names } = table;
  const reads = table.inputsOf(node);
  const inside = new Set(table.outputsOf(node).map((output) => names.text(output)));
  const inner = namesInSubgraphs(table.forms[node]!, inside);
  return [...reads.map((name) => names.text(name)), ...inner].filter((name) => !inside.has(name));
}

/** Names that the subgraphs of a node read; those they define are added to `inside`. */
function namesInSubgraphs(form: NodeForm, inside: Set<string>): readonly string[] {
  const names: string[] = [];
  const graphs = [...form.subgraphs];
  const seen = new Set<GraphProto>();
  for (let graph = graphs.pop(); graph !== undefined; graph = graphs.pop()) {
    if (seen.has(graph)) continue;
    seen.add(graph);
    for (const named of [...(graph.input ?? []), ...(graph.initializer ?? [])]) {
      inside.add(named.name ?? '');
    }
    for (const node of graph.node ?? []) {
      for (const name of node.input ?? []) names.push(name);
      for (const name of node.output ?? []) inside.add(name);
      graphs.push(...subgraphsOf(node));
    }
    for (const output of graph.output ?? []) names.push(output.name ?? '');
  }
  return names;
}

function subgraphsOf(node: NodeProto): GraphProto[] {
  return (node.attribute ?? []).flatMap((attribute) => attribute.g ?? []);
}

function invalid(what: string): NnMeterError {
  return new NnMeterError('E_INVALID_GRAPH', `the ONNX graph is not valid: ${what}`);
}
