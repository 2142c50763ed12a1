import type { Graph, Node } from '@nnmeter/ir';
import { NONE } from '../graph-view.ts';
import { producerOf, readerCount, soleReader } from './edges.ts';
import type { Rewrite } from './normal-form.ts';

/**
 * What makes of a product between two reshapes, one that gathers all leading axes into rows and one that restores them, a
 * product over the last axis of the whole tensor. TensorFlow and PyTorch's addmm multiply matrices only; ONNX and TFLite take
 * tensors, and their converters drop the reshapes. Undefined if there are none.
 */
export function keepRows(graph: Graph): Rewrite | undefined {
  const { nodes } = graph;
  const absorbers = new Map<number, number>();
  const replaced = new Map<number, Node>();
  /** By position of a gathering reshape: the products that read it. */
  const products = new Map<number, number[]>();
  for (const [position, product] of nodes.entries()) {
    if (product.op !== 'fc' || product.attributes.transposeA) continue;
    const gather = producerOf(graph, position, 0);
    if (gather === NONE || nodes[gather]!.op !== 'reshape') continue;
    const restore = soleReader(graph, position);
    if (restore === NONE || !restoresRows(graph, nodes[gather]!, nodes[restore]!)) continue;
    absorbers.set(restore, position);
    products.set(gather, [...(products.get(gather) ?? []), position]);
    replaced.set(position, {
      ...product,
      inputs: [nodes[gather]!.inputs[0]!, ...product.inputs.slice(1)],
      outputs: nodes[restore]!.outputs,
    });
  }
  if (replaced.size === 0) return undefined;
  for (const [gather, readers] of products)
    if (readers.length === readerCount(graph, gather)) absorbers.set(gather, readers[0]!);
  const reason = 'products over the last axis need no reshape to rows';
  return { absorbers, reason, replaced, renamed: new Map() };
}

function restoresRows(graph: Graph, gather: Node, restore: Node): boolean {
  if (restore.op !== 'reshape') return false;
  const before = graph.findTensor(gather.inputs[0]!)?.shape;
  const rows = graph.findTensor(gather.outputs[0]!)?.shape;
  const after = graph.findTensor(restore.outputs[0]!)?.shape;
  if (before === undefined || rows?.length !== 2 || after === undefined) return false;
  if (before.length < 3 || before.at(-1) !== rows[1]) return false;
  return before.slice(0, -1).join() === after.slice(0, -1).join();
}
