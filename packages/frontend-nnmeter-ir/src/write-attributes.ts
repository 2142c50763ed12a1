import { type AttributeValue, type AxisOrders, type Node, renumberAxes } from '@nnmeter/ir';
import { irAttributes, SPELLINGS } from './attribute-names.ts';
import type { RawAttributes } from './format.ts';

/** The attributes of a node under the names nn-Meter uses, for tensors whose axes are in the order given. */
export function writeAttributes(node: Node, orders: AxisOrders): RawAttributes {
  if (node.op === 'custom') return node.attributes;
  const values = node.attributes as Readonly<Record<string, AttributeValue | undefined>>;
  const written: Record<string, unknown> = {};
  if (node.op === 'split') written.split_dim = renumberAxes('axis', node.attributes.axis, orders);
  for (const { name, attribute, names } of irAttributes(node.op)) {
    const value = values[name];
    // JSON has no infinity: a bound at infinity is none.
    if (value === undefined || (typeof value === 'number' && !Number.isFinite(value))) continue;
    const moved = renumberAxes(attribute.kind, value as never, orders);
    const spell = SPELLINGS[name];
    const spelled = spell === undefined ? moved : spell(moved, node.op);
    if (spelled !== undefined) written[names[0]] = spelled;
  }
  return written;
}
