import { elementCount, type Graph, type Node, opRow, type Tensor } from '@nnmeter/ir';
import { NONE } from '../graph-view.ts';
import { producerOf, soleReader } from './edges.ts';
import type { Rewrite } from './normal-form.ts';

/**
 * What puts a bias into the linear layer before it where a reshape stands between them, which keeps channels last or divides them
 * into heads: Keras writes layers of sequences and of attention so, and TFLite's converter puts the bias into the layer.
 * Undefined if there are none.
 */
export function takeBiases(graph: Graph): Rewrite | undefined {
  const { nodes } = graph;
  const absorbers = new Map<number, number>();
  const replaced = new Map<number, Node>();
  for (const [position, layer] of nodes.entries()) {
    if (!opRow(layer.op).weighted || layer.inputs.length !== 2) continue;
    const reshape = soleReader(graph, position);
    if (reshape === NONE || nodes[reshape]!.op !== 'reshape') continue;
    const add = soleReader(graph, reshape);
    if (add === NONE || nodes[add]!.op !== 'add') continue;
    const slot = producerOf(graph, add, 0) === reshape ? 1 : 0;
    const bias = nodes[add]!.inputs[slot]!;
    if (!isBias(graph, bias, layer.outputs[0]!, nodes[add]!.outputs[0]!)) continue;
    absorbers.set(add, position);
    replaced.set(position, { ...layer, inputs: [...layer.inputs, bias] } as Node);
    replaced.set(reshape, { ...nodes[reshape]!, outputs: nodes[add]!.outputs } as Node);
  }
  if (replaced.size === 0) return undefined;
  const reason = 'the add of a constant is the bias of the layer before the reshape';
  return { absorbers, reason, replaced, renamed: new Map() };
}

/** Whether a constant has an element for each of the last axis of the layer's result, and is added to these. */
function isBias(graph: Graph, constant: string, layer: string, result: string): boolean {
  const bias = graph.findTensor(constant);
  const channels = graph.findTensor(layer)?.shape?.at(-1);
  const after = graph.findTensor(result)?.shape;
  if (bias?.kind !== 'constant' || bias.shape === undefined || after === undefined) return false;
  if (channels === undefined || elementCount(bias.shape) !== channels) return false;
  const axes = bias.shape.slice(bias.shape.findIndex((extent) => extent !== 1));
  return axes.join() === after.slice(-axes.length).join();
}

/**
 * What puts the relu behind the reshape of a linear layer before it, for the same reason: it changes no element's place, and is then
 * the layer's own activation. Undefined if there are none.
 */
export function takeActivations(graph: Graph): Rewrite | undefined {
  const { nodes } = graph;
  const replaced = new Map<number, Node>();
  const added: Tensor[] = [];
  for (const [position, relu] of nodes.entries()) {
    if (relu.op !== 'relu') continue;
    const reshape = producerOf(graph, position, 0);
    if (reshape === NONE || nodes[reshape]!.op !== 'reshape') continue;
    const layer = producerOf(graph, reshape, 0);
    if (layer === NONE || !opRow(nodes[layer]!.op).weighted) continue;
    if (soleReader(graph, layer) !== reshape || soleReader(graph, reshape) !== position) continue;
    const result = graph.tensor(nodes[layer]!.outputs[0]!);
    const activated = { ...result, name: `${result.name}, activated` };
    added.push(activated);
    replaced.set(position, { ...relu, inputs: [result.name], outputs: [activated.name] });
    replaced.set(reshape, {
      ...nodes[reshape]!,
      inputs: [activated.name],
      outputs: relu.outputs,
    } as Node);
  }
  if (replaced.size === 0) return undefined;
  return { absorbers: new Map(), reason: '', replaced, renamed: new Map(), added };
}
