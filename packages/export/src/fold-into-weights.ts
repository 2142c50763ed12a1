import {
  createGraph,
  elementCount,
  type Graph,
  imageDimensions,
  type Node,
  opRow,
  type Tensor,
} from '@nnmeter/ir';

/**
 * The graph with batch normalization, and sums with a constant a channel, as the bias of the convolution or dense layer
 * before them, wherever nothing else reads that layer's result. Weights are free, so only the structure changes; the
 * layer keeps its name, and its result has the name of what was folded.
 */
export function foldIntoWeights(graph: Graph): Graph {
  const nodes: Node[] = [];
  /** By its result: where in `nodes` a layer is that something may be folded into. */
  const layers = new Map<string, number>();
  const tensors = new Map(graph.tensors);
  for (const node of graph.nodes) {
    const [data] = node.inputs.filter((name) => layers.has(name));
    const at = data === undefined ? undefined : layers.get(data);
    const layer = at === undefined ? undefined : nodes[at]!;
    const bias =
      layer && data !== undefined && isOnlyRead(graph, data)
        ? foldedBias(graph, node, layer, data)
        : undefined;
    if (layer === undefined || bias === undefined) {
      if (takesBias(graph, node)) layers.set(node.outputs[0]!, nodes.length);
      nodes.push(node);
      continue;
    }
    tensors.set(bias.name, bias);
    tensors.delete(data!);
    const inputs = [layer.inputs[0]!, layer.inputs[1]!, bias.name];
    nodes[at!] = { ...layer, inputs, outputs: node.outputs } as Node;
    layers.set(node.outputs[0]!, at!);
  }
  const read = new Set([
    ...nodes.flatMap((node) => [...node.inputs, ...node.outputs]),
    ...graph.inputs,
    ...graph.outputs,
  ]);
  return createGraph({
    name: graph.name,
    nodes,
    tensors: [...tensors.values()].filter(({ name }) => read.has(name)),
    inputs: graph.inputs,
    outputs: graph.outputs,
    metadata: graph.metadata,
    warnings: graph.warnings,
  });
}

function takesBias(graph: Graph, node: Node): boolean {
  const weight = node.inputs[1];
  return opRow(node.op).weighted === true && !!weight && graph.tensor(weight).kind === 'constant';
}

function isOnlyRead(graph: Graph, tensor: string): boolean {
  return graph.consumers(tensor).length === 1 && !graph.outputs.includes(tensor);
}

/** The bias of the layer once the node is part of it; undefined if it cannot be. */
function foldedBias(graph: Graph, node: Node, layer: Node, data: string): Tensor | undefined {
  const present = layer.inputs[2] ? graph.findTensor(layer.inputs[2]) : undefined;
  const { shape, layout, dataType } = graph.tensor(data);
  if (shape === undefined) return undefined;
  const { channels } = imageDimensions(shape, layout);
  if (node.op === 'bn') {
    const own = node.inputs[2] ? graph.tensor(node.inputs[2]) : undefined;
    const name = `${node.name}/bias`;
    return present ?? own ?? { name, kind: 'constant', dataType, shape: [channels] };
  }
  if (node.op !== 'add' || node.inputs.length !== 2 || present) {
    return undefined;
  }
  const addend = graph.tensor(node.inputs.find((name) => name !== data) ?? data);
  return addend.kind === 'constant' && isOneAChannel(addend, graph.tensor(data), node)
    ? addend
    : undefined;
}

/** Whether a constant has one element for each channel of the data that it is broadcast to. */
function isOneAChannel(constant: Tensor, data: Tensor, node: Node): boolean {
  const { shape = [] } = constant;
  const { shape: extents = [], layout } = data;
  const { channels } = imageDimensions(extents, layout);
  if (constant.values !== undefined || elementCount(shape) !== channels) return false;
  if (node.sourceOp === 'BiasAdd') return true;
  const axis = layout?.includes('C') ? layout.indexOf('C') : extents.length - 1;
  const own = axis - extents.length + shape.length;
  return channels > 1 && shape[own] === channels;
}
