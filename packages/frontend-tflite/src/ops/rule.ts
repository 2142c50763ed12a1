import type { Call } from '../call.ts';
import type { Value } from '../value.ts';
import { NO_OPTIONS, type OptionFields, type OptionTable, type OptionValues } from './options.ts';

/** Makes nodes of an operator; @returns its results. @throws NotKnown where its shapes depend on data */
export type Rule<F extends OptionFields = OptionFields> = (
  call: Call,
  options: OptionValues<F>,
) => readonly Value[];

/** All that is known of a TFLite operator. */
export interface TfLiteOp {
  readonly op: string;
  readonly options: OptionTable;
  /** Its options are decoded by its option table. */
  readonly rule: (call: Call, options: Readonly<Record<string, unknown>>) => readonly Value[];
}

/** An operator without options, or with options that nothing depends on. */
export function plain(op: string, rule: Rule<Record<never, never>>): TfLiteOp {
  return row(op, NO_OPTIONS, rule);
}

/** An operator with options. */
export function row<const F extends OptionFields>(
  op: string,
  options: OptionTable<F>,
  rule: Rule<F>,
): TfLiteOp {
  return { op, options, rule: (call, values) => rule(call, values as OptionValues<F>) };
}
