import { type Graph, NnMeterError, type ReadOptions } from '@nnmeter/ir';
import { decodeTfLite } from './decode.ts';
import { RandomBytes } from './random-bytes.ts';
import { readAtOnce } from './reading.ts';
import { toGraph } from './to-graph.ts';

/**
 * Reads the bytes of a TFLite model.
 * @throws NnMeterError saying what is wrong, where, and what to do
 */
export function readTfLite(bytes: Uint8Array, options: ReadOptions = {}): Graph {
  if (!(bytes instanceof Uint8Array)) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      'a TFLite model is read from the bytes (Uint8Array) of a .tflite file',
    );
  }
  return toGraph(readAtOnce(new RandomBytes(bytes), decodeTfLite), options);
}
