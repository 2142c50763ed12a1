import type { Graph, Node } from '@nnmeter/ir';
import { NONE } from '../graph-view.ts';
import { producerOf, soleReader } from './edges.ts';
import type { Rewrite } from './normal-form.ts';

/**
 * What makes of a convolution between SpaceToBatch and BatchToSpace, as TensorFlow 1 wrote dilation, a dilated one, as TFLite's
 * converter does. Undefined if there are none.
 */
export function dilateConvolutions(graph: Graph): Rewrite | undefined {
  const { nodes } = graph;
  const absorbers = new Map<number, number>();
  const replaced = new Map<number, Node>();
  for (const [position, convolution] of nodes.entries()) {
    if (convolution.op !== 'conv' && convolution.op !== 'dwconv') continue;
    const toBatch = producerOf(graph, position, 0);
    if (toBatch === NONE || soleReader(graph, toBatch) !== position) continue;
    const toSpace = soleReader(graph, position);
    if (toSpace === NONE) continue;
    const [before, after] = [nodes[toBatch]!, nodes[toSpace]!];
    if (before.op !== 'spacetobatch' || after.op !== 'batchtospace') continue;
    const { strides, pads, dilations } = convolution.attributes;
    const { blockShape } = before.attributes;
    if (blockShape.join() !== after.attributes.blockShape.join()) continue;
    if (strides.some((stride) => stride !== 1) || dilations.some((each) => each !== 1)) continue;
    if (pads.some((pad) => pad !== 0)) continue;
    absorbers.set(toBatch, position);
    absorbers.set(toSpace, position);
    replaced.set(position, {
      ...convolution,
      inputs: [before.inputs[0]!, ...convolution.inputs.slice(1)],
      outputs: after.outputs,
      attributes: {
        ...convolution.attributes,
        dilations: blockShape,
        pads: before.attributes.pads.map((pad, side) => pad - after.attributes.crops[side]!),
      },
    });
  }
  if (replaced.size === 0) return undefined;
  const reason = 'a convolution of batches of blocks is a dilated one';
  return { absorbers, reason, replaced, renamed: new Map() };
}
