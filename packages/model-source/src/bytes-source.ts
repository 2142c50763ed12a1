import { NnMeterError } from '@nnmeter/ir';
import { HEAD_BYTES, type ModelSource } from './model-source.ts';

/** A model in memory. */
export function bytesSource(bytes: Uint8Array): ModelSource {
  return {
    name: '',
    label: 'the data',
    size: bytes.length,
    head: bytes.subarray(0, HEAD_BYTES),
    direct: bytes,
    slice: async (start, end) => bytes.subarray(start, end),
    sibling: async () => {
      throw new NnMeterError(
        'E_FILE',
        'only the bytes of the model itself are given; read the model from its path',
      );
    },
    close: () => {},
  };
}
