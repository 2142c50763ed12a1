/** The first buffer; each further one is twice as large, up to {@link CHUNK_BYTES}. */
const FIRST_CHUNK_BYTES = 2 ** 12;
const CHUNK_BYTES = 2 ** 20;
/** In front of each message. */
const LENGTH_BYTES = 2;

/** Keeps the bytes of many short messages in few buffers. */
export class MessageStore {
  readonly #chunks: Uint8Array[] = [];
  #size = FIRST_CHUNK_BYTES / 2;
  #used = this.#size;

  /** Room for a message of up to 1 KiB. */
  reserve(length: number): { readonly place: number; readonly bytes: Uint8Array } {
    if (this.#used + LENGTH_BYTES + length > this.#size) {
      this.#size = Math.min(2 * this.#size, CHUNK_BYTES);
      this.#chunks.push(new Uint8Array(this.#size));
      this.#used = 0;
    }
    const chunk = this.#chunks.length - 1;
    const buffer = this.#chunks[chunk]!;
    const start = this.#used;
    buffer[start] = length & 255;
    buffer[start + 1] = length >> 8;
    this.#used += LENGTH_BYTES + length;
    return {
      place: chunk * CHUNK_BYTES + start,
      bytes: buffer.subarray(start + LENGTH_BYTES, this.#used),
    };
  }

  at(place: number): Uint8Array {
    const buffer = this.#chunks[Math.floor(place / CHUNK_BYTES)]!;
    const start = place % CHUNK_BYTES;
    const length = buffer[start]! | (buffer[start + 1]! << 8);
    return buffer.subarray(start + LENGTH_BYTES, start + LENGTH_BYTES + length);
  }
}
