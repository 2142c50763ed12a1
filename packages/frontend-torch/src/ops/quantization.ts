import type { Rule } from '../call.ts';
import type { Row } from './row.ts';

const quantize: Rule = (call) => call.finish('quantize', {}, call.operands);
const dequantize: Rule = (call) => call.finish('dequantize', {}, call.operands);

/** What training for quantisation leaves behind; ONNX has it as both ops too. */
const roundTrip: Rule = (call) =>
  call.finish('dequantize', {}, [call.step('quantize', {}, [call.tensor('self')])]);

/** Of torch's quantisation by export (`quantized_decomposed`), and what trains for it. */
export const quantizationRows: readonly Row[] = [
  ['fake_quantize_per_tensor_affine(self, scale, zero_point, quant_min, quant_max)', roundTrip],
  [
    'fake_quantize_per_channel_affine(self, scale, zero_point, axis, quant_min, quant_max)',
    roundTrip,
  ],
  ['quantize_per_tensor(input, scale, zero_point, quant_min, quant_max, dtype)', quantize],
  ['quantize_per_channel(input, scales, zero_points, axis, quant_min, quant_max, dtype)', quantize],
  ['dequantize_per_tensor(input, scale, zero_point, quant_min, quant_max, dtype)', dequantize],
  [
    'dequantize_per_channel(input, scales, zero_points, axis, quant_min, quant_max, dtype)',
    dequantize,
  ],
];
