import type { Op, OpAttributes } from './ops.ts';

/** A node of one op, e.g. `NodeOf<'conv'>` has `attributes: ConvAttributes`. */
export interface NodeOf<O extends Op> {
  readonly name: string;
  readonly op: O;
  readonly attributes: OpAttributes[O];
  /** Tensor names; `''` is an omitted optional input. */
  readonly inputs: readonly string[];
  /** Tensor names; `''` is an unused optional output. */
  readonly outputs: readonly string[];
  /** The op's name in the model's own format: `Conv`, `Conv2D`, `HardSwish`, `com.example::Foo`. */
  readonly sourceOp: string;
  /** That it runs at all is assumed: it is in a loop whose end depends on data. */
  readonly isAssumed?: true;
}

/** Discriminated by `op`: `if (node.op === 'conv') node.attributes.strides`. */
export type Node = { [O in Op]: NodeOf<O> }[Op];
