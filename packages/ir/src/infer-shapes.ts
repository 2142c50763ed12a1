import type { ShapeAndLayout } from './ops/row.ts';
import { type Op, type OpAttributes, opRow } from './ops.ts';

/** An op with its attributes. */
export type Operation = { [O in Op]: { readonly op: O; readonly attributes: OpAttributes[O] } }[Op];

/**
 * Shapes of a node's results from those of its operands (weights included). Images without a layout are taken to have
 * channels last. Undefined for ops whose result the attributes do not settle (custom; resize, tile, gather where its
 * attributes or operands do not say enough).
 * @throws NnMeterError E_SHAPE saying which numbers do not fit.
 */
export function inferOutputShapes(
  operation: Operation,
  inputs: readonly ShapeAndLayout[],
): readonly ShapeAndLayout[] | undefined {
  return inputs.length === 0 ? undefined : opRow(operation.op).shapes(inputs, operation.attributes);
}
