import {
  inferOutputShapes,
  type Layout,
  type Operation,
  opRow,
  type ShapeAndLayout,
} from '@nnmeter/ir';
import type { Call } from './call.ts';
import { type Entry, Unknown } from './entry.ts';
import type { Computation, Settled } from './outcome.ts';

/** By rank; ONNX defines the ops on images on [N, C, ...]. */
export const CHANNELS_FIRST: Readonly<Record<number, Layout>> = { 3: 'NCW', 4: 'NCHW', 5: 'NCDHW' };

/** A tensor as the shape rules see it: its shape is asked for only where a rule needs it. */
class Operand implements ShapeAndLayout {
  readonly entry: Entry;
  readonly layout: Layout | undefined;

  constructor(entry: Entry, layout: Layout | undefined) {
    this.entry = entry;
    this.layout = layout;
  }

  get shape() {
    return this.entry.requireShape();
  }
}

/** The tensors a node reads: not those inputs that became attributes. */
export function operandsOf(outcome: Computation, call: Call): readonly (Entry | undefined)[] {
  return outcome.operands ?? outcome.inputs?.map((index) => call.inputs[index]) ?? call.inputs;
}

/**
 * Gives a computation the output shapes that its op's rule says, if it has none yet. An op that keeps the shape of its
 * operand does so where that is not known.
 * @throws Unknown if the rule needs a shape that is not known; NnMeterError E_SHAPE if shapes and attributes do not fit.
 */
export function settleShapes(outcome: Computation, call: Call): Settled {
  if (outcome.shapes !== undefined) return outcome as Settled;
  const { op, attributes, further, weight } = outcome;
  const isImage = opRow(op).axes === 'image';
  const weightEntry = weight && call.inputs[weight[0]];
  const operands: Operand[] = [];
  for (const entry of operandsOf(outcome, call)) {
    if (entry === undefined) continue;
    const image =
      isImage && operands.length === 0 ? CHANNELS_FIRST[entry.knownShape?.length ?? 0] : undefined;
    operands.push(new Operand(entry, image ?? (entry === weightEntry ? weight?.[1] : undefined)));
  }
  const results = inferOutputShapes({ op, attributes } as Operation, operands);
  if (results === undefined) throw new Unknown(`its attributes do not say the shape of its output`);
  const settled = results.map((result) =>
    result instanceof Operand ? result.entry.shape : result.shape,
  );
  const [first] = settled;
  outcome.shapes = further && first ? [...settled, ...further(first)] : settled;
  return outcome as Settled;
}
