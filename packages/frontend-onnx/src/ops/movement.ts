import {
  broadcastShapes,
  elementCount,
  NnMeterError,
  normalizeAxis,
  reshapeShape,
  type Shape,
} from '@nnmeter/ir';
import { alias, computation, type Outcome, type Row, type Rule, unchanged } from '../outcome.ts';

function reshaped(shape: Shape): Outcome {
  return computation('reshape', { shape }, { inputs: [0] });
}

const reshape: Rule = (call) => {
  const target = call.intsOrInput('shape', 1) ?? [];
  return reshaped(reshapeShape(call.shape(0), target, call.int('allowzero', 0) === 0));
};

const flatten: Rule = (call) => {
  const input = call.shape(0);
  const axis = call.int('axis', 1);
  const split = axis === input.length ? axis : normalizeAxis(axis, input.length);
  return reshaped([elementCount(input.slice(0, split)), elementCount(input.slice(split))]);
};

const squeeze: Rule = (call) => {
  const input = call.shape(0);
  const given = call.intsOrInput('axes', 1);
  const axes = new Set(given?.map((axis) => normalizeAxis(axis, input.length)));
  for (const axis of axes) {
    if (input[axis] !== 1) {
      throw new NnMeterError('E_SHAPE', `axis ${axis} of [${input.join(', ')}] is not 1`);
    }
  }
  return reshaped(
    input.filter((extent, axis) => (given === undefined ? extent !== 1 : !axes.has(axis))),
  );
};

const unsqueeze: Rule = (call) => {
  const input = call.shape(0);
  const axes = call.intsOrInput('axes', 1) ?? [];
  const rank = input.length + axes.length;
  const added = new Set(axes.map((axis) => normalizeAxis(axis, rank)));
  if (added.size !== axes.length) {
    throw new NnMeterError('E_SHAPE', `axes [${axes.join(', ')}] name one axis twice`);
  }
  const rest = input.values();
  const shape = Array.from({ length: rank }, (_, axis) =>
    added.has(axis) ? 1 : rest.next().value!,
  );
  return reshaped(shape);
};

const transpose: Rule = (call) => {
  const input = call.shape(0);
  const perm = call.ints('perm') ?? input.map((_, axis) => input.length - 1 - axis);
  const isIdentity = perm.length === input.length && perm.every((from, axis) => from === axis);
  return isIdentity ? unchanged(call) : computation('transpose', { perm }, { inputs: [0] });
};

const concat: Rule = (call) => {
  const axis = call.axis(call.shape(0).length, 1);
  return call.inputs.length === 1 ? unchanged(call) : computation('concat', { axis });
};

const split: Rule = (call) => {
  const input = call.shape(0);
  const axis = call.axis(input.length, 0);
  const extent = input[axis]!;
  const count = call.int('num_outputs', call.outputs.length);
  const part = Math.ceil(extent / Math.max(count, 1));
  const sizes =
    call.intsOrInput('split', 1) ??
    call.outputs.map((_, index) => Math.max(0, Math.min(part, extent - index * part)));
  return computation('split', { axis, sizes }, { inputs: [0] });
};

const pad: Rule = (call) => {
  const input = call.shape(0);
  const given = call.intsOrInput('pads', 1) ?? call.requireInts('pads');
  const axes = call.has(3)
    ? call.values(3).map((axis) => normalizeAxis(axis, input.length))
    : input.map((_, axis) => axis);
  if (given.length !== 2 * axes.length) {
    throw new NnMeterError('E_SHAPE', `${given.length} pads do not fit ${axes.length} axes`);
  }
  const pads = new Array<number>(2 * input.length).fill(0);
  axes.forEach((axis, index) => {
    pads[axis] = given[index]!;
    pads[input.length + axis] = given[axes.length + index]!;
  });
  if (pads.every((extent) => extent === 0)) return unchanged(call);
  return computation('pad', { pads, mode: call.string('mode', 'constant') }, { inputs: [0] });
};

const expand: Rule = (call) => {
  const shape = broadcastShapes(call.shape(0), call.values(1));
  if (sameShape(shape, call.shape(0))) return unchanged(call);
  return computation('expand', { shape }, { inputs: [0] });
};

const tile: Rule = (call) => {
  const repeats = call.values(1);
  const isWhole = repeats.length === call.shape(0).length && repeats.every((each) => each === 1);
  return isWhole ? unchanged(call) : computation('tile', { repeats }, { inputs: [0] });
};

function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

function blocks(op: 'depthtospace' | 'spacetodepth'): Rule {
  return (call) => computation(op, { blockSize: call.requireInt('blocksize') });
}

/** A name for a tensor: exporters write it wherever they like. */
const identity: Rule = (call) => alias(call.input(0));

/** In inference dropout hands its input on; a mask would be all true. */
const dropout: Rule = (call) => (call.outputs[1] ? alias(call.input(0)) : unchanged(call));

export const movementRows: readonly Row[] = [
  ['Reshape', '', 1, reshape],
  ['Flatten', '', 1, flatten],
  ['Squeeze', '', 1, squeeze],
  ['Unsqueeze', '', 1, unsqueeze],
  ['Transpose', '', 1, transpose],
  ['Concat', '', 1, concat],
  ['Split', '', 2, split],
  ['Pad', '', 2, pad],
  ['Expand', '', 8, expand],
  ['Tile', '', 6, tile],
  ['DepthToSpace', '', 1, blocks('depthtospace')],
  ['SpaceToDepth', '', 1, blocks('spacetodepth')],
  ['Identity', '', 1, identity],
  ['Dropout', '', 1, dropout],
];
