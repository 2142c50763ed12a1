import {
  broadcastShapes,
  concatShapes,
  elementCount,
  NnMeterError,
  normalizeAxis,
  reshapeShape,
  type Shape,
  transposeShape,
} from '@nnmeter/ir';
import { alias, computation, type Outcome, type Row, type Rule } from '../outcome.ts';

function reshaped(shape: Shape): Outcome {
  return computation('reshape', { shape }, [shape], { inputs: [0] });
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
  const shape = transposeShape(input, perm);
  if (perm.every((from, axis) => from === axis)) return alias(call.input(0));
  return computation('transpose', { perm }, [shape], { inputs: [0] });
};

const concat: Rule = (call) => {
  const shapes = call.shapes();
  const rank = shapes[0]?.length ?? 0;
  const axis = call.axis(rank, 1);
  const shape = concatShapes(shapes, axis);
  return call.inputs.length === 1 ? alias(call.input(0)) : computation('concat', { axis }, [shape]);
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
  if (sizes.reduce((sum, size) => sum + size, 0) !== extent) {
    throw new NnMeterError(
      'E_SHAPE',
      `parts of ${sizes.join(', ')} do not add up to the ${extent} of axis ${axis}`,
    );
  }
  const shapes = sizes.map((size) => input.with(axis, size));
  return computation('split', { axis, sizes }, shapes, { inputs: [0] });
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
  if (pads.every((extent) => extent === 0)) return alias(call.input(0));
  const shape = input.map((extent, axis) => extent + pads[axis]! + pads[input.length + axis]!);
  if (shape.some((extent) => extent < 0)) {
    throw new NnMeterError('E_SHAPE', `pads [${pads.join(', ')}] leave nothing of the input`);
  }
  return computation('pad', { pads, mode: call.string('mode', 'constant') }, [shape], {
    inputs: [0],
  });
};

const expand: Rule = (call) => {
  const shape = broadcastShapes(call.shape(0), call.values(1));
  if (sameShape(shape, call.shape(0))) return alias(call.input(0));
  return computation('expand', {}, [shape], { inputs: [0] });
};

const tile: Rule = (call) => {
  const input = call.shape(0);
  const repeats = call.values(1);
  if (repeats.length !== input.length) {
    throw new NnMeterError('E_SHAPE', `${repeats.length} repeats do not fit rank ${input.length}`);
  }
  if (repeats.every((repeat) => repeat === 1)) return alias(call.input(0));
  return computation('tile', {}, [input.map((extent, axis) => extent * repeats[axis]!)], {
    inputs: [0],
  });
};

function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

function checkBlocks(input: Shape, divisible: readonly [axis: number, by: number][]): void {
  const fits =
    input.length === 4 && divisible.every(([axis, by]) => by >= 1 && input[axis]! % by === 0);
  if (!fits) throw new NnMeterError('E_SHAPE', `[${input.join(', ')}] does not divide into blocks`);
}

const depthToSpace: Rule = (call) => {
  const input = call.shape(0);
  const blockSize = call.requireInt('blocksize');
  checkBlocks(input, [[1, blockSize ** 2]]);
  const [batch, channels, height, width] = input as [number, number, number, number];
  return computation('depthtospace', { blockSize }, [
    [batch, channels / blockSize ** 2, height * blockSize, width * blockSize],
  ]);
};

const spaceToDepth: Rule = (call) => {
  const input = call.shape(0);
  const blockSize = call.requireInt('blocksize');
  checkBlocks(input, [
    [2, blockSize],
    [3, blockSize],
  ]);
  const [batch, channels, height, width] = input as [number, number, number, number];
  return computation('spacetodepth', { blockSize }, [
    [batch, channels * blockSize ** 2, height / blockSize, width / blockSize],
  ]);
};

/** In inference dropout hands its input on; a mask would be all true. */
const dropout: Rule = (call) => alias(call.input(0));

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
  ['DepthToSpace', '', 1, depthToSpace],
  ['SpaceToDepth', '', 1, spaceToDepth],
  ['Identity', '', 1, dropout],
  ['Dropout', '', 1, dropout],
];
