import { ACTIVATIONS, RECTIFIERS } from '@nnmeter/tflite-schema';
import type { Call } from '../call.ts';
import type { Value } from '../value.ts';

export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** A rectifier is a clip where it lets negative values through. */
export function rectified(call: Call, value: Value, bounds: Bounds): Value {
  return call.one((bounds.min ?? 0) < 0 ? 'clip' : 'relu', bounds, [value]);
}

/** A result after the activation that its op is fused with. */
export function activated(call: Call, value: Value, activation: number): readonly Value[] {
  const name = ACTIVATIONS[activation] ?? 'NONE';
  switch (name) {
    case 'NONE':
      return [value];
    case 'TANH':
      return [call.one('tanh', {}, [value])];
    case 'SIGN_BIT':
      return [call.one('sign', {}, [value])];
    default:
      return [rectified(call, value, RECTIFIERS[name])];
  }
}
