import { type GraphView, NONE } from '../graph-view.ts';
import { type Block, isAbout, isMatch, type Mismatch, mismatch } from './block.ts';

/**
 * x * relu6(x + 3) / 6 in any of its spellings: hardsigmoid and mul; add, relu6, mul by x, then mul by 1/6 or div by 6;
 * the same with the last two swapped. (The single op HardSwish is an `hswish` already.)
 */
export const hswish: Block = {
  name: 'hswish',
  anchors: ['hardsigmoid', 'add'],
  match(view, anchor) {
    const gate = matchHardSigmoid(view, anchor);
    if (!isMatch(gate)) return gate;
    const x = view.dataInput(anchor)!;
    const last = gate[gate.length - 1]!;
    const product = view.next(last, 'mul');
    if (product === NONE) return mismatch(last, 'is not read by one mul only');
    if (!view.reads(product, x)) return mismatch(product, "does not multiply by the block's input");
    if (gate.length !== 2) return [...gate, product];
    const scale = view.next(product, 'mul', 'div');
    if (scale === NONE) return mismatch(product, 'is not scaled by 1/6');
    if (!isSixth(view, scale)) return mismatch(scale, 'does not scale by 1/6');
    return [...gate, product, scale];
  },
};

/**
 * The gate relu6(x + 3) / 6 from its first node: one hardsigmoid (of slope 1/6), or add and relu6 with or without the
 * division after them. Two nodes mean that the division is still to come.
 */
export function matchHardSigmoid(view: GraphView, anchor: number): readonly number[] | Mismatch {
  const node = view.nodes[anchor]!;
  if (node.op !== 'hardsigmoid' && node.op !== 'add') {
    return mismatch(anchor, 'is neither a hardsigmoid nor an add');
  }
  if (node.op === 'hardsigmoid') {
    const { alpha, beta } = node.attributes;
    if (!isAbout(alpha ?? 'unknown', 1 / 6) || !isAbout(beta ?? 'unknown', 0.5)) {
      return mismatch(anchor, 'has another slope or offset than x/6 + 1/2');
    }
    return [anchor];
  }
  const three = view.constantOperand(anchor);
  if (three === undefined) return mismatch(anchor, 'adds two computed tensors');
  if (!isAbout(three, 3)) return mismatch(anchor, 'does not add 3');
  const clip = view.next(anchor, 'relu', 'clip');
  if (clip === NONE) return mismatch(anchor, 'is not read by one relu6 only');
  const scaled = matchScaledRelu6(view, clip);
  return isMatch(scaled) ? [anchor, ...scaled] : scaled;
}

/**
 * relu6(x) and its division by 6, if that follows: all that is left of a hard sigmoid where the 3 is in the bias of the layer
 * before, as TFLite's converter puts it.
 */
export function matchScaledRelu6(view: GraphView, clip: number): readonly number[] | Mismatch {
  const { min, max } = view.nodes[clip]!.attributes as { min?: number; max?: number };
  if ((min ?? 0) !== 0 || max !== 6) return mismatch(clip, 'is not a relu6');
  const scale = view.next(clip, 'mul', 'div');
  return scale !== NONE && isSixth(view, scale) ? [clip, scale] : [clip];
}

function isSixth(view: GraphView, node: number): boolean {
  const value = view.constantOperand(node);
  return view.op(node) === 'div' ? isAbout(value, 6) : isAbout(value, 1 / 6);
}
