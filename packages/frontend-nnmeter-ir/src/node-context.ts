import { type ErrorPlace, locateError, NnMeterError, type Shape } from '@nnmeter/ir';
import type { RawAttributes } from './format.ts';

/** What a node's attributes are read from. */
export interface NodeContext {
  readonly name: string;
  readonly sourceOp: string;
  readonly raw: RawAttributes;
  /** Shapes of the operands, constants included; undefined where unknown. */
  readonly inputs: readonly (Shape | undefined)[];
  readonly outputs: readonly (Shape | undefined)[];
  /** How many operands are no constants. */
  readonly computedInputs: number;
}

/** Where errors about a node are. */
export function where({ name, sourceOp }: NodeContext): ErrorPlace {
  return { node: name, op: sourceOp };
}

/** An error about a node. */
export function fail(context: NodeContext, what: string): NnMeterError {
  return locateError(where(context), new NnMeterError('E_INVALID_INPUT', what));
}

/** A list of integers, given as such or as one number. */
export function integers(value: unknown): readonly number[] | undefined {
  if (typeof value === 'number') return [value];
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item))
    ? value
    : undefined;
}

/** A finite number. */
export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** nn-Meter writes the byte strings of ONNX attributes in Python's notation: `b'SAME_UPPER'`. */
export function text(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  return value.startsWith("b'") && value.endsWith("'") ? value.slice(2, -1) : value;
}

/** True, or 1 as ONNX has it. */
export function isSet(value: unknown): boolean {
  return value === true || value === 1;
}
