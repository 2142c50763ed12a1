import type { Graph, Node } from '@nnmeter/ir';

/** Writes a channels-first CNN as NNI dumps it after tracing; only the ops that the tests use. */
export function toNni(graph: Graph): unknown {
  const shapesOf = (names: readonly string[]) =>
    names
      .map((name) => graph.tensor(name))
      .filter(({ kind }) => kind !== 'constant')
      .map(({ shape }) => shape);
  const nodes: Record<string, unknown> = {};
  const edges: unknown[] = [];
  const producer = (name: string) => {
    const node = graph.producer(name);
    return node === undefined ? ['_inputs', graph.inputs.indexOf(name)] : [node.name, null];
  };
  for (const node of graph.nodes) {
    const [type, parameters] = operation(node);
    const shapes = { input_shape: shapesOf(node.inputs), output_shape: shapesOf(node.outputs) };
    nodes[node.name] = { operation: { type, parameters: { ...parameters, ...shapes } } };
    const read = node.inputs.filter((name) => graph.tensor(name).kind !== 'constant');
    if (node.op === 'concat') {
      const list = `${node.name}/list`;
      nodes[list] = { operation: { type: 'prim::ListConstruct', parameters: {} } };
      edges.push({ head: [list, null], tail: [node.name, 0] });
      read.forEach((name, slot) => {
        edges.push({ head: producer(name), tail: [list, slot] });
      });
    } else {
      read.forEach((name, slot) => {
        edges.push({ head: producer(name), tail: [node.name, slot] });
      });
    }
  }
  for (const output of graph.outputs) edges.push({ head: producer(output), tail: ['_outputs', 0] });
  return { _model: { inputs: graph.inputs, outputs: graph.outputs, nodes, edges } };
}

const TORCH = '__torch__.torch.nn.modules';

function operation(node: Node): [type: string, parameters: Record<string, unknown>] {
  switch (node.op) {
    case 'conv':
    case 'dwconv': {
      const { kernelShape, strides, pads, dilations, group } = node.attributes;
      const padding = pads.slice(0, kernelShape.length);
      const window = { kernel_size: kernelShape, stride: strides, padding, dilation: dilations };
      const bias = node.inputs.length > 2;
      return [`${TORCH}.conv.Conv2d`, { ...window, groups: group, bias }];
    }
    case 'maxpool': {
      const { kernelShape, strides, pads, ceilMode } = node.attributes;
      const window = { kernel_size: kernelShape, stride: strides, padding: pads.slice(0, 2) };
      return [`${TORCH}.pooling.MaxPool2d`, { ...window, ceil_mode: ceilMode }];
    }
    case 'relu':
      return [`${TORCH}.activation.${node.attributes.max === 6 ? 'ReLU6' : 'ReLU'}`, {}];
    case 'gap':
      return [`${TORCH}.pooling.AdaptiveAvgPool2d`, { output_size: [1, 1] }];
    case 'fc':
      return [`${TORCH}.linear.Linear`, { bias: node.inputs.length > 2 }];
    case 'add':
      return ['aten::add', {}];
    case 'concat':
      return ['aten::cat', { dim: node.attributes.axis }];
    case 'reshape':
      return ['aten::flatten', {}];
    default:
      throw new Error(`${node.op} of ${node.name}`);
  }
}
