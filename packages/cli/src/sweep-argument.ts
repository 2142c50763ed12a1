import { sweepValues } from '@nnmeter/predictor';
import { usageError } from './arguments.ts';

/** What `--sweep` asks for. */
export interface SweepArgument {
  readonly variable: string;
  readonly values: readonly number[];
}

const NUMBER = String.raw`\d{1,9}(?:\.\d{1,9})?`;
const RANGE = new RegExp(`^(${NUMBER})\\.\\.(${NUMBER})(?:/(${NUMBER}))?$`);
const LIST = new RegExp(`^${NUMBER}(?:,${NUMBER})*$`);

/**
 * Reads `resolution=32..1024`, `channels=0.5..2/0.25` (in steps of 0.25) or `batch=1,2,4`.
 * @throws NnMeterError E_USAGE
 */
export function sweepArgument(text: string): SweepArgument {
  const equals = text.lastIndexOf('=');
  const variable = text.slice(0, Math.max(0, equals));
  const values = text.slice(equals + 1);
  const [, from, to, step] = RANGE.exec(values) ?? [];
  if (variable !== '' && from !== undefined) {
    const range = [from, to, step].map((each) => (each === undefined ? undefined : Number(each)));
    return { variable, values: sweepValues(variable, range[0]!, range[1]!, range[2]) };
  }
  if (variable !== '' && LIST.test(values))
    return { variable, values: [...new Set(values.split(',').map(Number))] };
  throw usageError(
    `--sweep ${text} is not understood; write resolution=32..1024, resolution=160..320/32 (in steps of 32) or batch=1,2,4`,
  );
}
