import { NnMeterError } from '@nnmeter/ir';

/** The bytes are not a complete, consistent pickle. */
export function malformed(reason: string): NnMeterError {
  return new NnMeterError('E_WEIGHTS', `malformed pickle: ${reason}`);
}

/** The pickle is fine, its content is not a forest that is read here. */
export function unsupported(reason: string): NnMeterError {
  return new NnMeterError('E_UNSUPPORTED_FORMAT', `unsupported pickle: ${reason}`);
}
