import { graphToOnnx } from '@nnmeter/export-onnx';
import type { Graph } from '@nnmeter/ir';
import type { RunnableModel } from '@nnmeter/runners';

export function asModel(graph: Graph, id = graph.name): RunnableModel {
  return { id, graph, bytes: () => graphToOnnx(graph) };
}
