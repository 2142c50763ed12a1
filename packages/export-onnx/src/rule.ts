import { type AxisOrder, notExported as notExportedTo, type WeightRole } from '@nnmeter/export';
import type { NnMeterError, Node, NodeOf, Op, Shape } from '@nnmeter/ir';
import type { OnnxGraph } from './onnx-graph.ts';
import type { OnnxAttribute } from './onnx-writer.ts';

/** How nodes of one op (or several) are written. */
export type Rule<O extends Op> = (target: OnnxGraph, node: { [K in O]: NodeOf<K> }[O]) => void;

export type Rules = { readonly [O in Op]?: Rule<O> };

export const ints = (values: readonly number[]): OnnxAttribute => ({ ints: values });

export const int = (value: number | boolean): OnnxAttribute => ({ int: Number(value) });

/** The error about a node that cannot be written. */
export function notExported(node: Node, reason: string): NnMeterError {
  return notExportedTo('ONNX', node, reason);
}

/** An axis as it is after exporting. */
export function exportedAxis(order: AxisOrder, axis: number): OnnxAttribute {
  return int(order.indexOf(axis));
}

/** How a parameter of a node is made, or found in the graph's constant. */
interface ParameterForm {
  readonly shape: Shape;
  /** The order in which the axes of the graph's constant, or of `from`, are written. */
  readonly order?: AxisOrder;
  readonly from?: Shape;
  /** What it does, where the graph has none. */
  readonly weightRole?: WeightRole;
}

/** A weight of the graph with the shape ONNX wants, a computed one as it is, or a new one. */
export function parameter(
  target: OnnxGraph,
  node: Node,
  name: string | undefined,
  role: string,
  form: ParameterForm,
): string {
  const { shape, weightRole = 'shift', ...layout } = form;
  if (!name) {
    const { dataType } = target.tensor(node.inputs[0]!);
    return target.newWeight(`${node.name}/${role}`, shape, dataType, weightRole);
  }
  if (!target.isConstant(name)) return target.read(name);
  return target.dequantized(name, target.constant(name, shape, layout), node.inputs[0]!);
}
