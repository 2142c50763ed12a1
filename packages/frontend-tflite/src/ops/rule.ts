import type { OperatorWithOptions, OptionsOf } from '@nnmeter/tflite-schema';
import type { Call } from '../call.ts';
import type { Value } from '../value.ts';

/** Makes nodes of an operator; @returns its results. @throws NotKnown where its shapes depend on data */
export type Rule = (call: Call) => readonly Value[];

/** All that is known of a TFLite operator. */
export interface TfLiteOp {
  readonly op: string;
  /** Its options are decoded by its option table. */
  readonly rule: (call: Call, options: Readonly<Record<string, unknown>>) => readonly Value[];
}

/** An operator without options, or with options that nothing depends on. */
export function plain(op: string, rule: Rule): TfLiteOp {
  return { op, rule };
}

/** An operator with options. */
export function row<const O extends OperatorWithOptions>(
  op: O,
  rule: (call: Call, options: OptionsOf<O>) => readonly Value[],
): TfLiteOp {
  return { op, rule: (call, values) => rule(call, values as OptionsOf<O>) };
}
