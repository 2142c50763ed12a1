import { type AxisOrder, identity } from '@nnmeter/export';
import {
  type AttributeKind,
  type AttributeKinds,
  type Node,
  opRow,
  renumberAxes,
} from '@nnmeter/ir';
import type { Attributes, OnnxGraph } from './onnx-graph.ts';
import type { OnnxAttribute } from './onnx-writer.ts';

const ENCODE: { readonly [K in AttributeKind]?: (value: never) => OnnxAttribute } = {
  real: (value: number) => ({ float: value }),
  integer: (value: number) => ({ int: value }),
  axis: (value: number) => ({ int: value }),
  resultAxis: (value: number) => ({ int: value }),
  flag: (value: boolean) => ({ int: Number(value) }),
  text: (value: string) => ({ string: value }),
};

/** The attributes of a node by the row of its op, for tensors in the order given. */
export function encodeAttributes(node: Node, order: AxisOrder): Attributes {
  const values = node.attributes as Readonly<Record<string, never>>;
  const encoded: Record<string, OnnxAttribute> = {};
  for (const [name, { kind, onnx = name }] of Object.entries(opRow(node.op).attributes)) {
    if (values[name] === undefined) continue;
    const value = renumberAxes(kind, values[name], { input: order, output: order });
    encoded[onnx] = ENCODE[kind]?.(value as never) ?? { ints: value as AttributeKinds['axes'] };
  }
  return encoded;
}

/** An op that ONNX has with the same attributes and operands. */
export function exportByRow(target: OnnxGraph, node: Node): void {
  const { axes, onnx } = opRow(node.op);
  const [data, ...others] = node.inputs;
  const order =
    axes === 'image'
      ? target.imageOrder(data!)
      : axes === 'kept'
        ? target.order(data!)
        : identity(target.shape(data!).length);
  const inputs = [target.read(data!, order), ...others.map((name) => name && target.read(name))];
  const isSameRank = target.shape(node.outputs[0]!).length === order.length;
  const orders = isSameRank && axes !== 'opaque' ? [order] : [];
  target.emit(node, onnx[0], inputs, encodeAttributes(node, order), orders);
}
