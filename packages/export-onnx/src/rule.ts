import { NnMeterError, type Node, type NodeOf, type Op, type Shape } from '@nnmeter/ir';
import type { AxisOrder } from './axis-order.ts';
import type { OnnxGraph } from './onnx-graph.ts';
import type { OnnxAttribute } from './onnx-writer.ts';

/** How nodes of one op (or several) are written. */
export type Rule<O extends Op> = (target: OnnxGraph, node: { [K in O]: NodeOf<K> }[O]) => void;

export type Rules = { readonly [O in Op]?: Rule<O> };

export const ints = (values: readonly number[]): OnnxAttribute => ({ ints: values });

export const int = (value: number | boolean): OnnxAttribute => ({ int: Number(value) });

/** The error about a node that cannot be written. */
export function notExported(node: Node, reason: string): NnMeterError {
  return new NnMeterError(
    'E_UNSUPPORTED_OP',
    `node "${node.name}" (${node.sourceOp}) cannot be exported to ONNX: ${reason}`,
    { where: { node: node.name, op: node.sourceOp } },
  );
}

/** An axis as it is after exporting. */
export function exportedAxis(order: AxisOrder, axis: number): OnnxAttribute {
  return int(order.indexOf(axis));
}

/** A weight of the graph with the shape ONNX wants, a computed one as it is, or a new one. */
export function parameter(
  target: OnnxGraph,
  node: Node,
  name: string | undefined,
  role: string,
  shape: Shape,
): string {
  if (!name) {
    const { dataType } = target.tensor(node.inputs[0]!);
    return target.newConstant(`${node.name}/${role}`, shape, dataType);
  }
  if (!target.isConstant(name)) return target.read(name);
  return target.dequantized(name, target.constant(name, shape), node.inputs[0]!);
}
