import {
  NnMeterError,
  normalizeAxis,
  type OpAttributes,
  type Shape,
  sliceShape,
} from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { computation, type Row, type Rule, unchanged } from '../outcome.ts';

/** Reads a slice with everything explicit; axes are non-negative. */
export function readSlice(call: Call, rank: number): OpAttributes['slice'] {
  const starts = call.intsOrInput('starts', 1) ?? call.requireInts('starts');
  const ends = call.intsOrInput('ends', 2) ?? call.requireInts('ends');
  const axes = (call.intsOrInput('axes', 3) ?? starts.map((_, axis) => axis)).map((axis) =>
    normalizeAxis(axis, rank),
  );
  const steps = call.has(4) ? call.values(4) : starts.map(() => 1);
  if ([ends, axes, steps].some((list) => list.length !== starts.length)) {
    throw new NnMeterError('E_SHAPE', 'its starts, ends, axes and steps differ in length');
  }
  return { starts, ends, axes, steps };
}

/** Bounds within the axes: exporters write "to the end" as the largest integer there is. */
function clamped(
  input: Shape,
  { starts, ends, axes, steps }: OpAttributes['slice'],
): OpAttributes['slice'] {
  const within = (bound: number, index: number): number => {
    const extent = input[axes[index]!]!;
    return Math.min(Math.max(bound, -extent - 1), extent);
  };
  return { starts: starts.map(within), ends: ends.map(within), axes, steps };
}

const slice: Rule = (call) => {
  const input = call.shape(0);
  const attributes = clamped(input, readSlice(call, input.length));
  const shape = sliceShape(input, attributes);
  const whole = attributes.steps.every((step) => step === 1);
  if (whole && shape.every((extent, axis) => extent === input[axis])) return unchanged(call);
  return computation('slice', attributes, { inputs: [0] });
};

export const slicingRows: readonly Row[] = [['Slice', '', 1, slice]];
