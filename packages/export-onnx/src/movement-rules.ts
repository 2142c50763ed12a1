import {
  type AxisOrder,
  identity,
  isIdentity,
  permuted,
  reducedOrder,
  reshapedOrder,
  splitsAndMerges,
} from '@nnmeter/export';
import type { Node, NodeOf, Op, Shape } from '@nnmeter/ir';
import type { Attributes, OnnxGraph } from './onnx-graph.ts';
import { elementType } from './onnx-writer.ts';
import { exportedAxis, int, ints, notExported, type Rule, type Rules } from './rule.ts';

/** Operands in the order of the first computed one. */
function together(target: OnnxGraph, node: Node): { order: AxisOrder; inputs: string[] } {
  const first = node.inputs.find((input) => !target.isConstant(input)) ?? node.inputs[0]!;
  const order = target.order(first);
  const inputs = node.inputs.map((input) =>
    target.isConstant(input)
      ? target.constant(input, permuted(target.shape(input), order), { order })
      : target.read(input, order),
  );
  return { order, inputs };
}

const concat: Rule<'concat'> = (target, node) => {
  const { order, inputs } = together(target, node);
  target.emit(node, 'Concat', inputs, { axis: exportedAxis(order, node.attributes.axis) }, [order]);
};

const split: Rule<'split'> = (target, node) => {
  const order = target.order(node.inputs[0]!);
  const sizes = target.int64(`${node.name}/split`, node.attributes.sizes);
  const attributes = { axis: exportedAxis(order, node.attributes.axis) };
  target.emit(node, 'Split', [target.read(node.inputs[0]!), sizes], attributes, [order]);
};

const slice: Rule<'slice'> = (target, node) => {
  const { starts, ends, axes, steps } = node.attributes;
  const order = target.order(node.inputs[0]!);
  const moved = axes.map((axis) => order.indexOf(axis));
  const operands = Object.entries({ starts, ends, axes: moved, steps }).map(([role, values]) =>
    target.int64(`${node.name}/${role}`, values),
  );
  target.emit(node, 'Slice', [target.read(node.inputs[0]!), ...operands], {}, [order]);
};

/**
 * The order of a reshaped tensor that needs no moving of data. nn-Meter IR notes images with channels last whatever the
 * network did; a reshape that only makes sense with channels first is taken as that.
 */
function reshapeOrder(from: Shape, to: Shape, order: AxisOrder, image: AxisOrder) {
  const plain = identity(to.length);
  if (!isIdentity(order)) {
    const kept = reshapedOrder(from, to, order);
    const channelsFirst = !splitsAndMerges(from, to) && splitsAndMerges(permuted(from, order), to);
    return kept ?? (channelsFirst ? plain : undefined);
  }
  const long = image.filter((axis) => to[axis]! > 1);
  const moves = long.some((axis, index) => index > 0 && axis < long[index - 1]!);
  const channelsFirst = !splitsAndMerges(from, to) && splitsAndMerges(from, permuted(to, image));
  return moves && !channelsFirst ? plain : image;
}

/**
 * A matrix [batch, features] may take its features in any order, since the weights that follow are free; other reshapes
 * that mix axes need the image transposed back first.
 */
const reshape: Rule<'reshape'> = (target, node) => {
  const [data] = node.inputs;
  const from = target.shape(data!);
  const to = target.shape(node.outputs[0]!);
  const order = target.order(data!);
  const flattens = to.length === 2 && from[0] === to[0];
  const kept = reshapeOrder(from, to, order, target.imageOrder(node.outputs[0]!));
  const x = target.read(data!, kept !== undefined || flattens ? order : identity(from.length));
  if (flattens && kept === undefined && !isIdentity(order)) {
    target.orders.flatten(data!, node.outputs[0]!);
  }
  if (node.sourceOp === 'Flatten' && flattens) {
    target.emit(node, 'Flatten', [x], { axis: int(1) });
    return;
  }
  const after = kept ?? identity(to.length);
  const shape = target.int64(`${node.name}/shape`, permuted(to, after));
  target.emit(node, 'Reshape', [x, shape], {}, [after]);
};

/** Where the result is an image it is exported as such; a transposition that then moves nothing becomes Identity. */
const transpose: Rule<'transpose'> = (target, node) => {
  const [data] = node.inputs;
  const order = target.order(data!);
  const rank = order.length;
  const perm =
    node.attributes.perm.length === 0 ? [...identity(rank)].reverse() : node.attributes.perm;
  const image = target.wantedOrder(node.outputs[0]!);
  const wanted =
    isIdentity(image) && target.tensor(node.outputs[0]!).layout === undefined ? order : image;
  const moved = wanted.map((axis) => order.indexOf(perm[axis]!));
  if (isIdentity(moved)) target.emit(node, 'Identity', [target.read(data!)], {}, [wanted]);
  else target.emit(node, 'Transpose', [target.read(data!)], { perm: ints(moved) }, [wanted]);
};

const pad: Rule<'pad'> = (target, node) => {
  const { pads, mode } = node.attributes;
  const order = target.order(node.inputs[0]!);
  const rank = order.length;
  const moved = [...permuted(pads.slice(0, rank), order), ...permuted(pads.slice(rank), order)];
  const amounts = target.int64(`${node.name}/pads`, moved);
  const modes: Record<string, string> = { reflect: 'reflect', symmetric: 'reflect', edge: 'edge' };
  const attributes = { mode: { string: modes[mode.toLowerCase()] ?? 'constant' } };
  target.emit(node, 'Pad', [target.read(node.inputs[0]!), amounts], attributes, [order]);
};

type Reduction =
  | 'gap'
  | 'globalmaxpool'
  | 'reducemean'
  | 'reducesum'
  | 'reducemax'
  | 'reducemin'
  | 'reduceprod'
  | 'reducel2'
  | 'argmax'
  | 'argmin';

function reduction(opType: string, global?: string): Rule<Reduction> {
  return (target, node) => {
    const { axes, keepDims } = node.attributes;
    const order = target.order(node.inputs[0]!);
    const moved = axes.map((axis) => order.indexOf(axis)).sort((a, b) => a - b);
    const x = target.read(node.inputs[0]!);
    const spatial = identity(order.length).slice(2).join() === moved.join();
    if (global !== undefined && keepDims && spatial && node.sourceOp !== opType) {
      target.emit(node, global, [x], {}, [order]);
      return;
    }
    const after = reducedOrder(order, axes, keepDims);
    const keep = { keepdims: int(keepDims) };
    if (opType.startsWith('Arg')) {
      target.emit(node, opType, [x], { axis: int(moved[0]!), ...keep }, [after]);
    } else if (opType === 'ReduceSum' || target.opset >= 18) {
      const operand = target.int64(`${node.name}/axes`, moved);
      target.emit(node, opType, [x, operand], keep, [after]);
    } else target.emit(node, opType, [x], { axes: ints(moved), ...keep }, [after]);
  };
}

/** In the axis order of the data; `build` gives the operands that are attributes here. */
function inDataOrder(
  opType: string,
  build: (
    target: OnnxGraph,
    node: Node,
    order: AxisOrder,
  ) => { inputs: readonly string[]; attributes?: Attributes },
): Rule<Op> {
  return (target, node) => {
    const [data] = node.inputs;
    const rank = target.shape(data!).length;
    const isSameRank = target.shape(node.outputs[0]!).length === rank;
    const order = isSameRank ? target.order(data!) : identity(rank);
    const { inputs, attributes = {} } = build(target, node, order);
    const orders = isSameRank ? [order] : [];
    target.emit(node, opType, [target.read(data!, order), ...inputs], attributes, orders);
  };
}

/** Indices that the graph knows no type of are made integers. */
const gather: Rule<'gather'> = (target, node) => {
  const [data, indices] = node.inputs;
  if (!indices) throw notExported(node, 'its indices are not in the graph');
  const operand = target.isConstant(indices)
    ? target.constant(indices, target.shape(indices), { dataType: 'int64' })
    : target.read(indices);
  const { axis, indexing, batchAxes = 0 } = node.attributes;
  if (indexing === undefined && batchAxes > 0) {
    throw notExported(node, 'ONNX has no Gather with batch axes');
  }
  const opType = { elements: 'GatherElements', nd: 'GatherND' }[indexing ?? ''] ?? 'Gather';
  const attributes: Attributes =
    indexing === 'nd' ? { batch_dims: int(batchAxes) } : { axis: int(axis) };
  const x = target.read(data!, identity(target.shape(data!).length));
  target.emit(node, opType, [x, operand], attributes);
};

const tile = inDataOrder('Tile', (target, node, order) => {
  const from = target.shape(node.inputs[0]!);
  const repeats = target.shape(node.outputs[0]!).map((extent, axis) => extent / from[axis]!);
  return { inputs: [target.int64(`${node.name}/repeats`, permuted(repeats, order))] };
});

const expand = inDataOrder('Expand', (target, node, order) => {
  const shape = target.shape(node.outputs[0]!);
  const moved = shape.length === order.length ? permuted(shape, order) : shape;
  return { inputs: [target.int64(`${node.name}/shape`, moved)] };
});

const topk = inDataOrder('TopK', (target, node, order) => {
  const { axis, k } = (node as NodeOf<'topk'>).attributes;
  return {
    inputs: [target.int64(`${node.name}/k`, [k])],
    attributes: { axis: exportedAxis(order, axis) },
  };
});

const cumsum = inDataOrder('CumSum', (target, node, order) => {
  const { axis } = (node as NodeOf<'cumsum'>).attributes;
  const moved = [order.indexOf(axis)];
  return { inputs: [target.newConstant(`${node.name}/axis`, [], 'int64', moved)] };
});

const resize: Rule<'resize'> = (target, node) => {
  const order = target.imageOrder(node.inputs[0]!);
  const sizes = permuted(target.shape(node.outputs[0]!), order);
  const mode = /nearest/i.test(node.attributes.mode)
    ? 'nearest'
    : /cubic/i.test(node.attributes.mode)
      ? 'cubic'
      : 'linear';
  const inputs = [
    target.read(node.inputs[0]!, order),
    '',
    '',
    target.int64(`${node.name}/sizes`, sizes),
  ];
  target.emit(node, 'Resize', inputs, { mode: { string: mode } }, [order]);
};

const cast: Rule<'cast'> = (target, node) => {
  const order = target.order(node.inputs[0]!);
  const to = elementType(target.tensor(node.outputs[0]!).dataType);
  target.emit(node, 'Cast', [target.read(node.inputs[0]!)], { to: int(to) }, [order]);
};

export const movementRules: Rules = {
  concat,
  split,
  slice,
  reshape,
  transpose,
  pad,
  gap: reduction('ReduceMean', 'GlobalAveragePool'),
  globalmaxpool: reduction('ReduceMax', 'GlobalMaxPool'),
  reducemean: reduction('ReduceMean'),
  reducesum: reduction('ReduceSum'),
  reducemax: reduction('ReduceMax'),
  reducemin: reduction('ReduceMin'),
  reduceprod: reduction('ReduceProd'),
  reducel2: reduction('ReduceL2'),
  argmax: reduction('ArgMax'),
  argmin: reduction('ArgMin'),
  gather,
  tile,
  topk,
  cumsum,
  expand,
  resize,
  cast,
};
