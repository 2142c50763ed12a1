import { opRow } from '@nnmeter/ir';
import { type GraphView, NONE } from '../graph-view.ts';
import { type Block, mismatch } from './block.ts';

/**
 * Batch normalisation written out behind a linear layer: a product of each channel with a constant, and the sum with
 * another. Like the op it folds into the layer's weights.
 */
export const batchnorm: Block = {
  name: 'bn',
  anchors: ['mul', 'div'],
  match(view, scale) {
    if (!view.hasChannelConstant(scale)) {
      return mismatch(scale, 'does not scale channels by a constant');
    }
    const producer = scaledNode(view, scale);
    if (producer === NONE || view.soleConsumer(producer) !== scale || !isLinear(view, producer)) {
      return mismatch(scale, 'is not the only reader of a linear layer');
    }
    const shift = view.next(scale, 'add', 'sub');
    return shift !== NONE && view.hasChannelConstant(shift) ? [scale, shift] : [scale];
  },
};

function scaledNode(view: GraphView, node: number): number {
  return Math.max(view.producer(node, 0), view.producer(node, 1));
}

/** A linear layer, or the bias add behind one. */
function isLinear(view: GraphView, node: number): boolean {
  if (opRow(view.op(node)).weighted) return true;
  if (view.op(node) !== 'add' || !view.hasChannelConstant(node)) return false;
  const layer = scaledNode(view, node);
  return (
    layer !== NONE && view.soleConsumer(layer) === node && opRow(view.op(layer)).weighted === true
  );
}
