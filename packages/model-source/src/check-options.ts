import { NnMeterError, type ReadOptions } from '@nnmeter/ir';
import type { FormatFacts } from './frontend.ts';

/** @throws NnMeterError E_INVALID_INPUT for an option that models of the format have no use for */
export function checkReadOptions({ title, signatures }: FormatFacts, options: ReadOptions): void {
  if (options.signature === undefined || signatures) return;
  throw new NnMeterError('E_INVALID_INPUT', `${title} have no signatures to choose from`, {
    hint: "leave the option 'signature' out",
  });
}
