import type { Call } from '../call.ts';
import type { Value } from '../value.ts';
import { plain, type TfLiteOp } from './rule.ts';

/** Of a constant it is no work: the interpreter converts a weight once. */
function dequantize(call: Call): readonly Value[] {
  const value = call.input(0);
  return value.kind === 'constant'
    ? [value]
    : [call.one('dequantize', {}, [value], { dataType: 'float32' })];
}

/** Also from one quantisation to another. */
function quantize(call: Call): readonly Value[] {
  return [call.one('quantize', {}, [call.input(0)], { dataType: call.result.dataType })];
}

export const quantizationOps: readonly TfLiteOp[] = [
  plain('DEQUANTIZE', dequantize),
  plain('QUANTIZE', quantize),
  /** Of training. */
  plain('FAKE_QUANT', (call) => [call.input(0)]),
  /** A weight that is stored without its zeros. */
  plain('DENSIFY', (call) => [call.input(0)]),
];
