import { readOnnx } from '@nnmeter/frontend-onnx';
import { createGraph, type Graph, type Node } from '@nnmeter/ir';
import { fixtures } from '../files.ts';

/** Networks of a single node, one of each kind in our ONNX fixtures: in them every change matters. */
export function singleNodes(): Graph[] {
  const found = new Map<string, Graph>();
  for (const file of fixtures('fixtures/onnx', /^(?!dynamic).*\.onnx$/)) {
    const graph = readOnnx(file);
    for (const node of graph.nodes) {
      if (!found.has(node.sourceOp)) found.set(node.sourceOp, alone(graph, node));
    }
  }
  return [...found.values()];
}

/** A node as a network; what it reads are inputs. */
function alone(graph: Graph, node: Node): Graph {
  const names = new Set([...node.inputs, ...node.outputs].filter((name) => name !== ''));
  const computed = [...new Set(node.inputs)].filter(
    (name) => name !== '' && graph.tensor(name).kind !== 'constant',
  );
  const tensors = [...names].map((name) => {
    const tensor = graph.tensor(name);
    return computed.includes(name) ? { ...tensor, kind: 'input' as const } : tensor;
  });
  const outputs = node.outputs.filter((name) => name !== '');
  return createGraph({ name: node.op, nodes: [node], tensors, inputs: computed, outputs });
}
