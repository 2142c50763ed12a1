import { NnMeterError } from '@nnmeter/ir';
import { HEAD_BYTES, type ModelSource } from './model-source.ts';

/** Parsing text needs several times its size in memory; graphs take a few hundred bytes a node. */
const MAX_BYTES = 256 * 2 ** 20;

/**
 * All bytes of a model, for formats that cannot be read in parts, such as JSON.
 * @throws NnMeterError E_LIMIT if there are more than 256 MB.
 */
export async function readWhole(source: ModelSource): Promise<Uint8Array> {
  const { size } = source;
  if (size > MAX_BYTES) {
    throw new NnMeterError(
      'E_LIMIT',
      `it has ${Math.round(size / 2 ** 20)} MB; models of this format may have up to ${MAX_BYTES / 2 ** 20} MB`,
    );
  }
  return source.direct instanceof Uint8Array ? source.direct : source.slice(0, size);
}

/** The beginning of an object as JSON, to recognise it like a file; empty if it is no JSON. */
export function jsonHead(object: object): Uint8Array {
  try {
    return new TextEncoder().encode(JSON.stringify(object).slice(0, HEAD_BYTES));
  } catch {
    return new Uint8Array(0);
  }
}
