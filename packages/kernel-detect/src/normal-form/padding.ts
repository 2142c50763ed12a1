import type { Graph, Node, NodeOf, Tensor } from '@nnmeter/ir';
import { NONE } from '../graph-view.ts';
import { producerOf, soleReader } from './edges.ts';
import type { Rewrite } from './normal-form.ts';

/**
 * What makes a convolution pad its operand itself where a pad before it does what TensorFlow calls the padding SAME: TFLite's
 * converter does so. (It leaves other pads, and pads before poolings, alone: TFLite's ops know SAME and VALID only. Graphs do not
 * keep the value of a pad, which before a convolution is 0.) Undefined if there are none.
 */
export function takePads(graph: Graph): Rewrite | undefined {
  const { nodes } = graph;
  const absorbers = new Map<number, number>();
  const replaced = new Map<number, Node>();
  for (const [position, convolution] of nodes.entries()) {
    if (convolution.op !== 'conv' && convolution.op !== 'dwconv') continue;
    const before = producerOf(graph, position, 0);
    const pad = before === NONE ? undefined : nodes[before]!;
    if (pad?.op !== 'pad' || soleReader(graph, before) !== position) continue;
    const pads = samePads(graph.findTensor(pad.inputs[0]!), pad, convolution);
    if (pads === undefined) continue;
    absorbers.set(before, position);
    replaced.set(position, {
      ...convolution,
      inputs: [pad.inputs[0]!, ...convolution.inputs.slice(1)],
      attributes: { ...convolution.attributes, pads },
    } as Node);
  }
  if (replaced.size === 0) return undefined;
  const reason = 'a convolution with the padding SAME pads itself';
  return { absorbers, reason, replaced, renamed: new Map() };
}

/** The pads of the sides of an image, begins before ends, if they are those of SAME and all that is padded. */
function samePads(
  image: Tensor | undefined,
  { attributes: { pads, mode } }: NodeOf<'pad'>,
  { attributes: convolution }: NodeOf<'conv'> | NodeOf<'dwconv'>,
): number[] | undefined {
  const { kernelShape, strides, dilations } = convolution;
  if (mode !== 'constant' || convolution.pads.some((each) => each !== 0)) return undefined;
  const rank = image?.shape?.length;
  if (rank === undefined || pads.length !== 2 * rank || kernelShape.length !== rank - 2) {
    return undefined;
  }
  const channels = image?.layout?.includes('C') ? image.layout.indexOf('C') : rank - 1;
  const begins: number[] = [];
  const ends: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const [begin, end] = [pads[axis]!, pads[axis + rank]!];
    if (axis === 0 || axis === channels) {
      if (begin !== 0 || end !== 0) return undefined;
      continue;
    }
    const side = begins.length;
    const extent = image!.shape![axis]!;
    const window = (kernelShape[side]! - 1) * dilations[side]! + 1;
    const covered = (Math.ceil(extent / strides[side]!) - 1) * strides[side]! + window;
    const all = Math.max(covered - extent, 0);
    if (begin !== Math.floor(all / 2) || end !== all - begin) return undefined;
    begins.push(begin);
    ends.push(end);
  }
  return [...begins, ...ends];
}
