import { readOnnx } from '@nnmeter/frontend-onnx';
import { NnMeterError } from '@nnmeter/ir';

/** The error that a model is refused with. */
export function refusal(bytes: unknown): { code: string; message: string } {
  try {
    readOnnx(bytes as Uint8Array);
  } catch (error) {
    if (error instanceof NnMeterError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('the model was accepted');
}
