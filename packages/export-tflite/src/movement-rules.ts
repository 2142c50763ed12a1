import {
  type AxisOrder,
  identity,
  isIdentity,
  keepsPlaces,
  permuted,
  reducedOrder,
  reshapedOrder,
} from '@nnmeter/export';
import { type Node, opRow, type Shape, sliceShape } from '@nnmeter/ir';
import { MIRROR_MODES } from '@nnmeter/tflite-schema';
import { notExported } from './not-exported.ts';
import type { Rule, Rules } from './rule.ts';
import type { TfLiteGraph } from './tflite-graph.ts';

const concat: Rule<'concat'> = (target, node) => {
  const first = node.inputs.find((name) => !target.isConstant(name)) ?? node.inputs[0];
  const order = target.order(first);
  const inputs = node.inputs.map((name) => target.read(name, order));
  const options = { axis: order.indexOf(node.attributes.axis) };
  target.emit(node, 'CONCATENATION', inputs, { options, orders: [order] });
};

const split: Rule<'split'> = (target, node) => {
  const { axis, sizes } = node.attributes;
  if (sizes.length !== node.outputs.length) {
    throw notExported(node, `${sizes.length} parts are not its ${node.outputs.length} results`);
  }
  const order = target.order(node.inputs[0]);
  const x = target.read(node.inputs[0]);
  const place = target.newConstant(`${node.name}/axis`, [], [order.indexOf(axis)], 'int32');
  const options = { count: sizes.length };
  if (sizes.every((size) => size === sizes[0])) {
    target.emit(node, 'SPLIT', [place, x], { options, orders: [order] });
    return;
  }
  const list = target.int32(`${node.name}/sizes`, sizes);
  target.emit(node, 'SPLIT_V', [x, list, place], { options, orders: [order] });
};

const slice: Rule<'slice'> = (target, node) => {
  const [data] = node.inputs;
  const order = target.order(data);
  const shape = target.shape(data);
  const extents = sliceShape(shape, node.attributes);
  const { starts, axes, steps } = node.attributes;
  const begins = shape.map(() => 0);
  const strides = shape.map(() => 1);
  axes.forEach((axis, index) => {
    const step = steps[index] ?? 1;
    const start = starts[index]! < 0 ? starts[index]! + shape[axis]! : starts[index]!;
    begins[axis] = Math.min(Math.max(start, 0), shape[axis]! - (step > 0 ? 0 : 1));
    strides[axis] = step;
  });
  const ends = shape.map((_, axis) => begins[axis]! + extents[axis]! * strides[axis]!);
  // An end before the first element cannot be said, only left open.
  const endMask = order.reduce((mask, axis, at) => (ends[axis]! < 0 ? mask | (1 << at) : mask), 0);
  const lists = Object.entries({ begins, ends, strides }).map(([role, values]) =>
    target.int32(`${node.name}/${role}`, permuted(values, order)),
  );
  const options = { endMask };
  target.emit(node, 'STRIDED_SLICE', [target.read(data), ...lists], { options, orders: [order] });
};

/**
 * An image that becomes a matrix may stay where it lies if only dense layers read it, whose weights follow; other
 * reshapes that mix axes need it in the graph's own order.
 */
const reshape: Rule<'reshape'> = (target, node) => {
  const [data] = node.inputs;
  const [result] = node.outputs;
  const from = target.shape(data);
  const to = target.shape(result);
  const order = target.order(data);
  const isInPlace = keepsPlaces(from, order);
  const after = isInPlace ? unmovedImage(target, result!) : reshapedOrder(from, to, order);
  const stays = after === undefined && flattens(from, to) && readByDense(target, result!);
  const read = target.read(data, after === undefined && !stays ? identity(from.length) : undefined);
  if (stays) target.orders.flatten(data!, result!);
  const written = after ?? identity(to.length);
  const shape = permuted(to, written);
  const list = target.int32(`${node.name}/shape`, shape);
  target.emit(node, 'RESHAPE', [read, list], { options: { shape }, orders: [written] });
};

/** The order of an image, if no element has to move from the graph's own order to it. */
function unmovedImage(target: TfLiteGraph, name: string): AxisOrder {
  const shape = target.shape(name);
  const order = target.orders.wanted(name);
  return keepsPlaces(shape, order) ? order : identity(shape.length);
}

function flattens(from: Shape, to: Shape): boolean {
  return to.length === 2 && from.length > 2 && from[0] === to[0];
}

/** Whether only dense layers read a matrix, directly or behind ops on each element. */
function readByDense({ graph }: TfLiteGraph, matrix: string): boolean {
  const names = [matrix];
  for (let name = names.pop(); name !== undefined; name = names.pop()) {
    if (graph.outputs.includes(name)) return false;
    for (const node of graph.consumers(name)) {
      const { elementwise, operands } = opRow(node.op);
      if (elementwise && operands[1] === 1) names.push(node.outputs[0]!);
      else if (node.op !== 'fc' || node.inputs[0] !== name || node.attributes.transposeA) {
        return false;
      }
    }
  }
  return true;
}

/**
 * Where the result is an image it is written as such, else in the order for which the fewest axes move; a transposition
 * that then moves nothing is left out.
 */
const transpose: Rule<'transpose'> = (target, node) => {
  const [data] = node.inputs;
  const [result] = node.outputs;
  const order = target.order(data);
  const { length: rank } = order;
  const perm =
    node.attributes.perm.length === 0 ? identity(rank).toReversed() : node.attributes.perm;
  const image = target.orders.wanted(result!);
  const isImage = target.tensor(result).layout !== undefined || !isIdentity(image);
  const movedFor = (after: AxisOrder) => after.map((axis) => order.indexOf(perm[axis]!));
  const movesOf = (after: AxisOrder) => movedFor(after).filter((from, to) => from !== to).length;
  // What is only reshaped may be on its way to an image; all else reads it as it is.
  const isReshaped = target.graph.consumers(result!).every(({ op }) => op === 'reshape');
  const others = isReshaped ? [target.orders.likeImage(rank)] : [];
  const candidates = isImage ? [image] : [order, identity(rank), ...others];
  const wanted = candidates.reduce((best, each) => (movesOf(each) < movesOf(best) ? each : best));
  const moved = movedFor(wanted);
  const x = target.read(data);
  if (isIdentity(moved)) target.alias(result!, x, wanted);
  else {
    const list = target.int32(`${node.name}/perm`, moved);
    target.emit(node, 'TRANSPOSE', [x, list], { orders: [wanted] });
  }
};

const pad: Rule<'pad'> = (target, node) => {
  const { pads, mode } = node.attributes;
  const order = target.order(node.inputs[0]);
  const { length: rank } = order;
  const x = target.read(node.inputs[0]);
  if (pads.some((amount) => amount < 0)) throw notExported(node, 'TFLite pads, it does not cut');
  const amounts = order.flatMap((axis) => [pads[axis]!, pads[rank + axis]!]);
  const list = target.newConstant(`${node.name}/pads`, [rank, 2], amounts, 'int32');
  const mirror = (MIRROR_MODES as readonly string[]).indexOf(mode.toLowerCase());
  if (mirror >= 0) {
    target.emit(node, 'MIRROR_PAD', [x, list], { options: { mode: mirror }, orders: [order] });
    return;
  }
  if (mode.toLowerCase() !== 'constant') throw notExported(node, `TFLite does not pad by ${mode}`);
  target.emit(node, 'PAD', [x, list], { orders: [order] });
};

type Reduction =
  | 'gap'
  | 'globalmaxpool'
  | 'reducemean'
  | 'reducesum'
  | 'reducemax'
  | 'reducemin'
  | 'reduceprod'
  | 'reducel2';

function reduction(op: string): Rule<Reduction> {
  return (target, node) => {
    const { axes, keepDims } = node.attributes;
    const [data] = node.inputs;
    const order = target.order(data);
    const moved = axes.map((axis) => order.indexOf(axis)).sort((a, b) => a - b);
    const list = target.int32(`${node.name}/axes`, moved);
    const after = reducedOrder(order, axes, keepDims);
    const x = target.read(data);
    const options = { keepDims };
    if (node.op !== 'reducel2') {
      target.emit(node, op, [x, list], { options, orders: [after] });
      return;
    }
    const squares = target.extra('SQUARE', node.name, [x], { shape: target.tensors[x]!.shape });
    const shape = permuted(target.shape(node.outputs[0]), after);
    const sums = target.extra('SUM', node.name, [squares, list], { shape, options });
    target.emit(node, 'SQRT', [sums], { orders: [after] });
  };
}

function argument(op: 'ARG_MAX' | 'ARG_MIN'): Rule<'argmax' | 'argmin'> {
  return (target, node) => {
    const { axes, keepDims } = node.attributes;
    const [data] = node.inputs;
    if (axes.length !== 1 || keepDims) throw notExported(node, `${op} removes one axis`);
    const order = target.order(data);
    const place = target.newConstant(`${node.name}/axis`, [], [order.indexOf(axes[0]!)], 'int32');
    const resultType = target.resultType(node.outputs[0]);
    target.emit(node, op, [target.read(data), place], {
      options: { resultType },
      orders: [reducedOrder(order, axes, false)],
    });
  };
}

const gather: Rule<'gather'> = (target, node) => {
  const [data, indices] = node.inputs;
  const { axis, indexing, batchAxes = 0 } = node.attributes;
  if (!indices) throw notExported(node, 'its indices are not in the graph');
  if (indexing === 'elements') throw notExported(node, 'TFLite gathers slices, not elements');
  if (indexing === 'nd' && batchAxes > 0) {
    throw notExported(node, 'TFLite has no GATHER_ND with batch axes');
  }
  const x = target.read(data, identity(target.shape(data).length));
  const operands = [x, target.readIndices(indices)];
  if (indexing === 'nd') target.emit(node, 'GATHER_ND', operands);
  else target.emit(node, 'GATHER', operands, { options: { axis, batchAxes } });
};

const tile: Rule<'tile'> = (target, node) => {
  const order = target.order(node.inputs[0]);
  const from = target.shape(node.inputs[0]);
  const repeats = target.shape(node.outputs[0]).map((extent, axis) => extent / from[axis]!);
  const list = target.int32(`${node.name}/repeats`, permuted(repeats, order));
  target.emit(node, 'TILE', [target.read(node.inputs[0]), list], { orders: [order] });
};

const expand: Rule<'expand'> = (target, node) => {
  const [data] = node.inputs;
  const to = target.shape(node.outputs[0]);
  const rank = target.shape(data).length;
  const order = to.length === rank ? target.order(data) : identity(to.length);
  const x = target.read(data, to.length === rank ? order : identity(rank));
  const list = target.int32(`${node.name}/shape`, permuted(to, order));
  target.emit(node, 'BROADCAST_TO', [x, list], { orders: [order] });
};

const cumsum: Rule<'cumsum'> = (target, node) => {
  const order = target.order(node.inputs[0]);
  const axis = order.indexOf(node.attributes.axis);
  const place = target.newConstant(`${node.name}/axis`, [], [axis], 'int32');
  target.emit(node, 'CUMSUM', [target.read(node.inputs[0]), place], { orders: [order] });
};

/** TFLite looks along the last axis. */
function lastAxis(
  op: string,
  options: Readonly<Record<string, number>> = {},
): Rule<'softmax' | 'logsoftmax' | 'l2norm'> {
  return (target, node) => {
    const [data] = node.inputs;
    const current = target.order(data);
    const { axis = current.length - 1 } = node.attributes;
    const isLast = current.at(-1) === axis;
    const order = isLast ? current : [...current.filter((each) => each !== axis), axis];
    target.emit(node, op, [target.read(data, order)], { options, orders: [order] });
  };
}

const topk: Rule<'topk'> = (target, node: Node & { op: 'topk' }) => {
  const { axis, k } = node.attributes;
  const indices = node.outputs[1];
  if (indices && target.tensor(indices).dataType !== 'int32') {
    throw notExported(node, 'TFLite gives its indices as int32');
  }
  const current = target.order(node.inputs[0]);
  const order = [...current.filter((each) => each !== axis), axis];
  const count = target.newConstant(`${node.name}/k`, [], [k], 'int32');
  target.emit(node, 'TOPK_V2', [target.read(node.inputs[0], order), count], { orders: [order] });
};

export const movementRules: Rules = {
  concat,
  split,
  slice,
  reshape,
  transpose,
  pad,
  gap: reduction('MEAN'),
  globalmaxpool: reduction('REDUCE_MAX'),
  reducemean: reduction('MEAN'),
  reducesum: reduction('SUM'),
  reducemax: reduction('REDUCE_MAX'),
  reducemin: reduction('REDUCE_MIN'),
  reduceprod: reduction('REDUCE_PROD'),
  reducel2: reduction('SUM'),
  argmax: argument('ARG_MAX'),
  argmin: argument('ARG_MIN'),
  gather,
  tile,
  expand,
  cumsum,
  topk,
  softmax: lastAxis('SOFTMAX', { beta: 1 }),
  logsoftmax: lastAxis('LOG_SOFTMAX'),
  l2norm: lastAxis('L2_NORMALIZATION'),
};
