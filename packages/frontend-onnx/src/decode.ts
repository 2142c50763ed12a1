import { NnMeterError } from '@nnmeter/ir';
import { type ByteSource, foreignFormatOf, HEAD_BYTES } from '@nnmeter/model-source';
import { LazyReader } from '@nnmeter/model-source/protobuf';
import { describeBytes, looksLikeOnnx } from './detect.ts';
import { onnx } from './generated/onnx.ts';
import type { ModelProto } from './model.ts';

/**
 * Decodes a model without its weights.
 * @throws NnMeterError E_UNSUPPORTED_FORMAT if this is not ONNX, E_INVALID_INPUT if it is damaged, E_LIMIT if it is
 * larger than any real network.
 */
export function decodeModel(input: Uint8Array | ByteSource): ModelProto {
  const head = headOf(input);
  if (!looksLikeOnnx(head)) {
    throw new NnMeterError('E_UNSUPPORTED_FORMAT', `not an ONNX model: ${describeBytes(head)}`, {
      hint: foreignFormatOf(head)?.advice ?? 'give a file that an ONNX exporter wrote',
    });
  }
  const reader = new LazyReader(input, 'ONNX');
  try {
    return onnx.ModelProto.decode(reader);
  } catch (cause) {
    if (cause instanceof NnMeterError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (reason === 'max depth exceeded') {
      throw new NnMeterError(
        'E_LIMIT',
        'the ONNX file nests graphs in graphs more than 30 deep; no real network does, so reading it stops here',
        { cause },
      );
    }
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `the ONNX file is damaged or cut off at byte ${reader.pos}: ${reason}`,
      { hint: 'export or download it again', cause },
    );
  }
}

function headOf(input: Uint8Array | ByteSource): Uint8Array {
  if (input instanceof Uint8Array) return input.subarray(0, HEAD_BYTES);
  const head = new Uint8Array(Math.min(HEAD_BYTES, input.size));
  return head.subarray(0, input.read(0, head));
}
