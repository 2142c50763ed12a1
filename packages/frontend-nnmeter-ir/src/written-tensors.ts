import type { Node, Op, Shape, Tensor } from '@nnmeter/ir';
import { channelsLastOrder, channelsLastShape, opRow } from '@nnmeter/ir';
import { MAX_VALUES } from './tensor-table.ts';
import { weightTensor } from './weights.ts';

/** Ops of which the original lists constant operands, as `[]`. */
export const LISTED_AS_EMPTY: ReadonlySet<Op> = new Set<Op>([
  'add',
  'sub',
  'mul',
  'div',
  'pow',
  'max',
  'min',
]);

/** JSON has no infinities. */
export function hasWritableValues({ values }: Tensor): boolean {
  return values !== undefined && values.length <= MAX_VALUES && values.every(Number.isFinite);
}

/** A shape with channels last. */
export function writtenShape(tensor: Tensor): Shape | null {
  return tensor.shape === undefined ? null : channelsLastShape(tensor);
}

/** Element types, where any is known. */
export function outputTypes(tensors: readonly Tensor[]) {
  return tensors.some((tensor) => tensor.dataType !== 'unknown')
    ? { output_type: tensors.map((tensor) => tensor.dataType) }
    : {};
}

/** A weight's element type, where known. */
export function weightType(tensor: Tensor) {
  return tensor.dataType === 'unknown' ? {} : { weight_type: tensor.dataType };
}

/** A constant's shape in the axis order of what it is joined to or broadcast over. */
export function writtenConstant(
  node: Node,
  tensor: Tensor,
  result: Tensor | undefined,
): Shape | undefined {
  const { shape } = tensor;
  const order = result && channelsLastOrder(result);
  if (!shape?.length || order === undefined || shape.length > order.length) return shape;
  if (node.op === 'concat' && shape.length === order.length)
    return order.map((axis) => shape[axis]!);
  if (!opRow(node.op).elementwise) return shape;
  const full = [...new Array<number>(order.length - shape.length).fill(1), ...shape];
  const moved = order.map((axis) => full[axis]!);
  while (moved.length > 1 && moved[0] === 1) moved.shift();
  return moved;
}

/** The weight's shape as the format wants it, from what it is multiplied with. */
export function writtenWeight(
  node: Node,
  data: Tensor,
  result: Tensor | undefined,
): Shape | undefined {
  if (data.shape === undefined || result?.shape === undefined) return undefined;
  const context = {
    name: node.name,
    sourceOp: node.sourceOp,
    raw: {},
    inputs: [channelsLastShape(data)],
    outputs: [channelsLastShape(result)],
    computedInputs: 1,
  };
  const plain =
    node.op === 'fc' ? { ...node, attributes: { ...node.attributes, transposeB: false } } : node;
  return weightTensor(plain, context)?.shape;
}
