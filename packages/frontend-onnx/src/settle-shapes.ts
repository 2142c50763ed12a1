import {
  CHANNELS_FIRST,
  type Layout,
  likeFirst,
  opRow,
  type Shape,
  type ShapeAndLayout,
} from '@nnmeter/ir';
import type { Call } from './call.ts';
import { type Entry, Unknown } from './entry.ts';
import type { Aliases, Computation, ConstantResult, Outcome, Settled } from './outcome.ts';

/** What a node turns out to be, with the shapes of its outputs where it is a computation. */
export type SettledOutcome = Settled | Aliases | ConstantResult;

/** An outcome with its shapes, as by {@link settleShapes}. */
export function settle(outcome: Outcome, call: Call): SettledOutcome {
  return outcome.kind === 'computation' ? settleShapes(outcome, call) : outcome;
}

/** A tensor as the shape rules see it: its shape is asked for only where a rule needs it. */
class Operand implements ShapeAndLayout {
  readonly layout: Layout | undefined;
  readonly #entry: Entry;
  readonly #known: Shape | undefined;

  constructor(entry: Entry, layout: Layout | undefined) {
    this.layout = layout;
    this.#entry = entry;
    this.#known = entry.knownShape;
  }

  get shape(): Shape {
    return this.#known ?? this.#entry.requireShape();
  }
}

/** The tensors a node reads: not those inputs that became attributes. */
export function operandsOf(
  outcome: Computation,
  inputs: readonly (Entry | undefined)[],
): readonly (Entry | undefined)[] {
  return outcome.operands ?? outcome.inputs?.map((index) => inputs[index]) ?? inputs;
}

/**
 * Gives a computation the output shapes that its op's rule says, if it has none yet. An op that keeps the shape of its
 * operand does so where that is not known.
 * @throws Unknown if the rule needs a shape that is not known; NnMeterError E_SHAPE if shapes and attributes do not fit.
 */
export function settleShapes(outcome: Computation, call: Call): Settled {
  if (outcome.shapes === undefined) {
    const { shapes } = opRow(outcome.op);
    const settled = shapes === likeFirst ? shapeOfFirst(outcome, call) : inferred(outcome, call);
    const [first] = settled;
    const { further } = outcome;
    outcome.shapes = further && first ? [...settled, ...further(first)] : settled;
  }
  return outcome as Settled;
}

/** Known or not. */
function shapeOfFirst(outcome: Computation, call: Call): readonly (Shape | undefined)[] {
  const first = outcome.operands?.[0] ?? call.input(outcome.inputs?.[0] ?? 0);
  return [first.shape];
}

function inferred(outcome: Computation, call: Call): readonly Shape[] {
  const { attributes, weight } = outcome;
  const { axes, shapes } = opRow(outcome.op);
  const weightEntry = weight && call.inputs[weight[0]];
  const operands: Operand[] = [];
  for (const entry of operandsOf(outcome, call.inputs)) {
    if (entry === undefined) continue;
    const isImage = axes === 'image' && operands.length === 0;
    const image = isImage ? CHANNELS_FIRST[entry.knownShape?.length ?? 0] : undefined;
    operands.push(new Operand(entry, image ?? (entry === weightEntry ? weight?.[1] : undefined)));
  }
  const results = operands.length === 0 ? undefined : shapes(operands, attributes);
  if (results === undefined) throw new Unknown('its attributes do not say the shape of its output');
  return results.map(({ shape }) => shape);
}
