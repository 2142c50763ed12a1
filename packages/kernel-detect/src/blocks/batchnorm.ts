import { elementCount, imageDimensions, opRow } from '@nnmeter/ir';
import { type GraphView, NONE } from '../graph-view.ts';
import { type Block, mismatch } from './block.ts';

/**
 * Batch normalisation written out: a product of each channel with a constant, and the sum with another. Like the op it folds
 * into the weights of a linear layer before it, where the product alone is enough; elsewhere it is an operation of its own, as
 * TFLite's converter writes the op.
 */
export const batchnorm: Block = {
  name: 'bn',
  anchors: ['mul', 'div'],
  only: 'converted',
  match(view, scale) {
    if (!view.hasChannelConstant(scale)) {
      return mismatch(scale, 'does not scale channels by a constant');
    }
    const shift = view.next(scale, 'add', 'sub');
    const isShifted = shift !== NONE && view.hasChannelConstant(shift);
    const producer = scaledNode(view, scale);
    if (producer !== NONE && view.soleConsumer(producer) === scale && isLinear(view, producer)) {
      return isShifted ? [scale, shift] : [scale];
    }
    if (isShifted && isPerChannel(view, scale) && isPerChannel(view, shift)) return [scale, shift];
    return mismatch(scale, 'is neither the only reader of a linear layer nor shifted by channel');
  },
};

/** Whether the constant operand is told to have an element a channel. */
function isPerChannel(view: GraphView, node: number): boolean {
  const { inputs } = view.nodes[node]!;
  const slot = view.isConstant(node, 0) ? 0 : 1;
  const constant = view.graph.findTensor(inputs[slot] ?? '')?.shape;
  const data = view.firstOutput(node);
  if (constant === undefined || data?.shape === undefined) return false;
  const extent = elementCount(constant);
  return extent > 1 && extent === imageDimensions(data.shape, data.layout).channels;
}

function scaledNode(view: GraphView, node: number): number {
  return Math.max(view.producer(node, 0), view.producer(node, 1));
}

/** A linear layer, or the bias add or batch normalisation behind one. */
function isLinear(view: GraphView, node: number): boolean {
  if (opRow(view.op(node)).weighted) return true;
  const isBias = view.op(node) === 'add' && view.hasChannelConstant(node);
  if (!isBias && view.op(node) !== 'bn') return false;
  const layer = isBias ? scaledNode(view, node) : view.producer(node, 0);
  return (
    layer !== NONE && view.soleConsumer(layer) === node && opRow(view.op(layer)).weighted === true
  );
}
