import { NnMeterError } from '@nnmeter/ir';

/** @throws NnMeterError E_USAGE if it is no JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new NnMeterError('E_USAGE', `this is no JSON: ${(cause as Error).message}`, { cause });
  }
}
