import { createGraph } from './create-graph.ts';
import type { Graph } from './graph.ts';

/**
 * The network without the nodes that hand their operand on unchanged (`identity`): what reads their result reads their
 * operand. `asWritten()` of it is the graph given.
 */
export function withoutIdentities(graph: Graph): Graph {
  const operands = new Map<string, string>();
  const operandOf = (name: string): string => operands.get(name) ?? name;
  for (const { op, inputs, outputs } of graph.nodes)
    if (op === 'identity' && inputs.length === 1) operands.set(outputs[0]!, operandOf(inputs[0]!));
  if (operands.size === 0) return graph;
  return createGraph({
    ...graph,
    nodes: graph.nodes
      .filter(({ outputs }) => !operands.has(outputs[0]!))
      .map((node) =>
        node.inputs.some((name) => operands.has(name))
          ? { ...node, inputs: node.inputs.map(operandOf) }
          : node,
      ),
    tensors: [...graph.tensors.values()].filter(({ name }) => !operands.has(name)),
    outputs: [...new Set(graph.outputs.map(operandOf))],
    written: graph,
  });
}
