import type { ModelSource } from '@nnmeter/model-source';
import { MissingBytes, RandomBytes } from './random-bytes.ts';

/** Work that stops at bytes that are not there, and goes on once they are. */
export type Reading<T> = Generator<MissingBytes, T, void>;

/** A part of the work, begun anew after each range that it misses; it must have no effects. */
export function* whenLoaded<T>(read: () => T): Reading<T> {
  for (;;) {
    try {
      return read();
    } catch (missing) {
      if (!(missing instanceof MissingBytes)) throw missing;
      yield missing;
    }
  }
}

/** Does the work on a model: at once where its source can be read so, else range by range. */
export async function readByRanges<T>(
  source: ModelSource,
  work: (bytes: RandomBytes) => Reading<T>,
): Promise<T> {
  if (source.direct !== undefined) return readAtOnce(new RandomBytes(source.direct), work);
  const bytes = new RandomBytes({ size: source.size });
  const reading = work(bytes);
  for (;;) {
    const { done, value } = reading.next();
    if (done) return value;
    const [start, end] = bytes.rangeOf(value);
    const loaded = await source.slice(start, end);
    if (loaded.length < end - start) bytes.require(source.size, end - start - loaded.length);
    bytes.keep(start, loaded);
  }
}

/** Does the work on bytes that are all there. */
export function readAtOnce<T>(bytes: RandomBytes, work: (bytes: RandomBytes) => Reading<T>): T {
  const { done, value } = work(bytes).next();
  if (done) return value;
  throw value;
}
