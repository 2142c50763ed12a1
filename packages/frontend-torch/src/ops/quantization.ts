import type { Rule } from '../call.ts';
import type { Row } from './row.ts';

const quantize: Rule = (call) => call.finish('quantize', {}, call.operands);
const dequantize: Rule = (call) => call.finish('dequantize', {}, call.operands);

/** Of torch's quantisation by export (`quantized_decomposed`). */
export const quantizationRows: readonly Row[] = [
  ['quantize_per_tensor(input, scale, zero_point, quant_min, quant_max, dtype)', quantize],
  ['quantize_per_channel(input, scales, zero_points, axis, quant_min, quant_max, dtype)', quantize],
  ['dequantize_per_tensor(input, scale, zero_point, quant_min, quant_max, dtype)', dequantize],
  [
    'dequantize_per_channel(input, scales, zero_points, axis, quant_min, quant_max, dtype)',
    dequantize,
  ],
];
