import type { Op, OpAttributes } from '@nnmeter/ir';
import type { Value } from './value.ts';

/** One node of the graph to be: an aten op may take several. */
export interface Step {
  readonly op: Op;
  readonly attributes: OpAttributes[Op];
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly (Value | undefined)[];
  /** `aten::conv2d`. */
  readonly sourceOp: string;
  /** Path of the module that runs it. */
  readonly module: string;
  /** Whether it writes into its operand, so that it is work even if nothing reads its result. */
  readonly mutates: boolean;
  /** Whether it is in a trip of a loop that is only assumed. */
  isAssumed: boolean;
}
