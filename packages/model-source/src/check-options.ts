import { NnMeterError, quote, type ReadOptions } from '@nnmeter/ir';
import type { FormatFacts } from './frontend.ts';

/** @throws NnMeterError E_INVALID_INPUT for an option that models of the format have no use for */
export function checkReadOptions(
  { title, signatures, dimensions }: FormatFacts,
  options: ReadOptions,
): void {
  if (options.signature !== undefined && !signatures) {
    throw new NnMeterError('E_INVALID_INPUT', `${title} have no signatures to choose from`, {
      hint: "leave the option 'signature' out",
    });
  }
  const [dimension] = Object.keys(options.dimensions ?? {});
  if (dimension === undefined || dimensions) return;
  throw new NnMeterError(
    'E_INVALID_INPUT',
    `${title} name no dimensions, so that there is none called ${quote(dimension)}`,
    { hint: 'give the shapes of the inputs' },
  );
}
