import { graphToOnnx } from '@nnmeter/export-onnx';
import { exportTflite } from '@nnmeter/export-tflite';
import type { Graph } from '@nnmeter/ir';
import type { RunnableModel, Runner } from '@nnmeter/runners';

const WRITERS: Readonly<Record<Runner['format'], (graph: Graph) => Uint8Array>> = {
  // Equal weights would make equal layers one, and runtimes rename what they fold themselves.
  onnx: (graph) => graphToOnnx(graph, { weights: 'random', foldBatchNorm: true }),
  tflite: (graph) => exportTflite(graph, { weights: 'random' }),
};

/** A model as a runner takes it; its file is written when it is asked for, and kept. */
export function toRunnable(id: string, graph: Graph, { format }: Runner): RunnableModel {
  let bytes: Uint8Array | undefined;
  return { id, graph, bytes: () => (bytes ??= WRITERS[format](graph)) };
}
