import { type Graph, imageDimensions } from '@nnmeter/ir';

/** In words, what of a graph nn-Meter's features do not tell: to them all is dense convolutions on one square image. */
export function blindSpots(graph: Graph): { extrapolation: string[]; warnings: string[] } {
  const found = new Set<string>();
  const grouped: string[] = [];
  for (const node of graph.nodes) {
    const isConv = node.op === 'conv' || node.op === 'dwconv';
    if (!isConv && node.op !== 'maxpool' && node.op !== 'avgpool') continue;
    const { kernelShape, strides, dilations } = node.attributes;
    const tensor = graph.findTensor(node.inputs[0] ?? '');
    if (tensor?.shape?.length === 4) {
      const { batch, height, width } = imageDimensions(tensor.shape, tensor.layout);
      if (batch > 1) found.add('batch');
      if (height !== width) found.add('non-square');
    }
    if (!isUniform(kernelShape) || !isUniform(strides)) found.add('non-square');
    if (dilations.some((dilation) => dilation > 1)) found.add('dilation');
    if (node.op === 'conv' && node.attributes.group > 1) grouped.push(node.name);
  }
  if (grouped.length === 0) return { extrapolation: [...found], warnings: [] };
  const dense =
    `grouped convolutions are costed as dense ones, as in the original (${grouped.length} of them, the first is ` +
    `"${grouped[0]}"); predictors of version 2 tell them apart`;
  return { extrapolation: [...found, 'groups'], warnings: [dense] };
}

function isUniform(sizes: readonly number[]): boolean {
  return sizes.every((size) => size === sizes[0]);
}
