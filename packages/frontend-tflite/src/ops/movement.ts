import { elementCount, normalizeAxis, reshapeShape, type Shape } from '@nnmeter/ir';
import { MIRROR_MODES } from '@nnmeter/tflite-schema';
import { type Call, knownShape, NotKnown } from '../call.ts';
import type { Value } from '../value.ts';
import { activated } from './activation.ts';
import { plain, row, type TfLiteOp } from './rule.ts';

/** The new shape is an operand, or, in old files, an option; where it is computed the file may state it. */
function reshape(call: Call, option: readonly number[]): Value {
  const target = call.has(1) ? call.input(1).values : option;
  return call.reshape(
    call.input(0),
    target === undefined ? computedShape(call) : reshapeShape(call.shape(0), target, false),
  );
}

/** Of a shape with one unknown extent: what is left for it. */
function computedShape(call: Call): Shape {
  const signature = call.result.signature;
  if (signature === undefined) return call.statedShape();
  if (signature.filter((extent) => extent < 0).length === 1) {
    return reshapeShape(call.shape(0), signature, false);
  }
  throw new NotKnown('its shape is computed from data');
}

function squeeze(call: Call, listed: readonly number[]): Value {
  const shape = call.shape(0);
  const axes = new Set(listed.map((axis) => normalizeAxis(axis, shape.length)));
  const isDropped = (extent: number, axis: number) =>
    axes.size > 0 ? axes.has(axis) : extent === 1;
  return call.reshape(
    call.input(0),
    shape.filter((extent, axis) => !isDropped(extent, axis)),
  );
}

function expandDims(call: Call): Value {
  const shape = call.shape(0);
  const axis = normalizeAxis(call.integer(1), shape.length + 1);
  return call.reshape(call.input(0), shape.toSpliced(axis, 0, 1));
}

function concatenation(call: Call, stated: number): Value {
  const axis = normalizeAxis(stated, call.shape(0).length);
  return call.inputs.length === 1 ? call.input(0) : call.one('concat', { axis }, call.inputs);
}

/** Joins along a new axis. */
function pack(call: Call, stated: number): Value {
  const shape = call.shape(0);
  const axis = normalizeAxis(stated, shape.length + 1);
  const slices = call.inputs.map((_, index) =>
    call.reshape(call.input(index), call.shape(index).toSpliced(axis, 0, 1)),
  );
  return slices.length === 1 ? slices[0]! : call.one('concat', { axis }, slices);
}

/** Takes each index of an axis as one result. */
function unpack(call: Call, stated: number): readonly Value[] {
  const shape = call.shape(0);
  const axis = normalizeAxis(stated, shape.length);
  const rest = shape.toSpliced(axis, 1);
  const sizes = new Array<number>(call.stated.length).fill(1);
  const slices =
    sizes.length === 1 ? [call.input(0)] : call.emit('split', { axis, sizes }, [call.input(0)]);
  return slices.map((slice) => call.reshape(slice, rest));
}

/** Into equal parts. Inputs: axis, data. */
function split(call: Call): readonly Value[] {
  const shape = call.shape(1);
  const axis = normalizeAxis(call.integer(0), shape.length);
  const { length: count } = call.stated;
  const sizes = new Array<number>(count).fill(shape[axis]! / count);
  return call.emit('split', { axis, sizes }, [call.input(1)]);
}

/** Inputs: data, sizes of which one may be -1, axis. */
function splitBySizes(call: Call): readonly Value[] {
  const shape = call.shape(0);
  const axis = normalizeAxis(call.integer(2), shape.length);
  const stated = call.values(1);
  const rest = shape[axis]! - stated.filter((size) => size >= 0).reduce((a, b) => a + b, 0);
  const sizes = stated.map((size) => (size < 0 ? rest : size));
  return call.emit('split', { axis, sizes }, [call.input(0)]);
}

function pad(call: Call, mode: string): readonly Value[] {
  const amounts = call.values(1);
  const axes = [...call.shape(0).keys()];
  const pads = [0, 1].flatMap((end) => axes.map((axis) => amounts[2 * axis + end] ?? 0));
  return [call.one('pad', { pads, mode }, [call.input(0)])];
}

/** The sides of the result are an operand. */
function resize(op: string, mode: string): TfLiteOp {
  return plain(op, (call) => {
    const [batch = 1, , , channels = 1] = call.shape(0);
    const sides = call.input(1).values ?? call.statedShape().slice(1, 3);
    const sizes = [batch, ...sides, channels];
    return [call.one('resize', { mode, sizes }, [call.input(0)], { layout: 'NHWC' })];
  });
}

function blocks(call: Call, op: 'depthtospace' | 'spacetodepth', blockSize: number) {
  return [call.one(op, { blockSize }, [call.input(0)], { layout: 'NHWC' })];
}

/** Dilated convolutions of old networks are bracketed by these; each copies the tensor. */
function batchAndSpace(op: string, isToBatch: boolean): TfLiteOp {
  return plain(op, (call) => {
    const [sides, margins] = [call.values(1), call.values(2)];
    const shape = [...call.shape(0)];
    for (const [index, side] of sides.entries()) {
      const margin = margins[2 * index]! + margins[2 * index + 1]!;
      shape[0]! *= isToBatch ? side : 1 / side;
      shape[index + 1] = isToBatch
        ? (shape[index + 1]! + margin) / side
        : shape[index + 1]! * side - margin;
    }
    return [copy(call, call.input(0), shape)];
  });
}

/** Moves every element once, into another shape. */
function copy(call: Call, value: Value, shape: Shape): Value {
  const perm = [...knownShape(value).keys()];
  return call.reshape(call.one('transpose', { perm }, [value]), shape);
}

/** The same with elements that come from elsewhere. */
function permuted(op: string): TfLiteOp {
  return plain(op, (call) => [
    call.one('transpose', { perm: [...call.shape(0).keys()] }, [call.input(0)]),
  ]);
}

/** Puts a vector on the diagonals of matrices. */
function diagonal(call: Call): readonly Value[] {
  const shape = call.shape(0);
  const columns = call.reshape(call.input(0), [...shape, 1]);
  return [call.one('expand', { shape: [...shape, shape.at(-1) ?? 1] }, [columns])];
}

function oneHot(call: Call, stated: number): readonly Value[] {
  const { length: rank } = call.shape(0);
  const axis = normalizeAxis(stated, rank + 1);
  const attributes = { axis, depth: call.integer(1) };
  return [call.one('onehot', attributes, [call.input(0)], { dataType: call.result.dataType })];
}

function cast(call: Call): readonly Value[] {
  const { dataType: to } = call.result;
  return [call.one('cast', { to }, [call.input(0)])];
}

/** A custom op of MediaPipe: puts values where the pool took them from, zeros elsewhere; writes what resizing writes. */
function unpool(call: Call): readonly Value[] {
  const sizes = call.statedShape();
  return [call.one('resize', { mode: 'nearest', sizes }, [call.input(0)], { layout: 'NHWC' })];
}

export const movementOps: readonly TfLiteOp[] = [
  row('RESHAPE', (call, { shape }) => [reshape(call, shape)]),
  row('SQUEEZE', (call, { axes }) => [squeeze(call, axes)]),
  plain('EXPAND_DIMS', (call) => [expandDims(call)]),
  row('CONCATENATION', (call, { axis, activation }) =>
    activated(call, concatenation(call, axis), activation),
  ),
  row('PACK', (call, { axis }) => [pack(call, axis)]),
  row('UNPACK', (call, { axis }) => unpack(call, axis)),
  row('SPLIT', split),
  plain('SPLIT_V', splitBySizes),
  plain('PAD', (call) => pad(call, 'constant')),
  plain('PADV2', (call) => pad(call, 'constant')),
  row('MIRROR_PAD', (call, { mode }) => pad(call, MIRROR_MODES[mode] ?? MIRROR_MODES[0])),
  plain('TRANSPOSE', (call) => [call.one('transpose', { perm: call.values(1) }, [call.input(0)])]),
  plain('TILE', (call) => [call.one('tile', { repeats: call.values(1) }, [call.input(0)])]),
  plain('BROADCAST_TO', (call) => {
    const shape = call.input(1).values ?? call.statedShape();
    return [call.one('expand', { shape }, [call.input(0)])];
  }),
  resize('RESIZE_BILINEAR', 'linear'),
  resize('RESIZE_NEAREST_NEIGHBOR', 'nearest'),
  row('SPACE_TO_DEPTH', (call, { blockSize }) => blocks(call, 'spacetodepth', blockSize)),
  row('DEPTH_TO_SPACE', (call, { blockSize }) => blocks(call, 'depthtospace', blockSize)),
  batchAndSpace('SPACE_TO_BATCH_ND', true),
  batchAndSpace('BATCH_TO_SPACE_ND', false),
  permuted('REVERSE_V2'),
  plain('REVERSE_SEQUENCE', (call) => [call.one('reversesequence', {}, [call.input(0)])]),
  plain('MATRIX_DIAG', diagonal),
  permuted('MATRIX_SET_DIAG'),
  row('ONE_HOT', (call, { axis }) => oneHot(call, axis)),
  plain('CAST', cast),
  plain('BITCAST', (call) =>
    elementCount(call.shape(0)) === elementCount(call.statedShape())
      ? cast(call)
      : [call.reshape(call.input(0), call.statedShape())],
  ),
];

export const customMovementOps: readonly TfLiteOp[] = [plain('MaxUnpooling2D', unpool)];
