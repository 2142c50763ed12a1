/** How many places are tried for an entry; a file made so that its texts collide meets the map behind them. */
const MOST_PROBES = 24;
const NONE = -1;

/** Numbers byte strings from 0 in the order of first sight; equal ones have one number. They lie in one buffer. */
export class ByteTable {
  #bytes = new Uint8Array(1 << 12);
  /** By number: where it begins; one more for the end of the last. */
  #starts = new Int32Array(1 << 8);
  #hashes = new Int32Array(1 << 8);
  #slots = new Int32Array(1 << 9).fill(NONE);
  #size = 0;
  /** What found no place within {@link MOST_PROBES}. */
  readonly #crowded = new Map<string, number>();

  get size(): number {
    return this.#size;
  }

  /** The number of `source[start..end)`, which is added if it is new. */
  add(source: Uint8Array, start: number, end: number): number {
    return this.#number(source, start, end, true);
  }

  /** The number of `source[start..end)`; -1 if it was never added. */
  find(source: Uint8Array, start: number, end: number): number {
    return this.#number(source, start, end, false);
  }

  /** The bytes of a number, as a view that the next {@link add} may end. */
  bytes(number: number): Uint8Array {
    return this.#bytes.subarray(this.#starts[number]!, this.#starts[number + 1]!);
  }

  #number(source: Uint8Array, start: number, end: number, adds: boolean): number {
    const hash = hashOf(source, start, end);
    const mask = this.#slots.length - 1;
    for (let probe = 0; probe < MOST_PROBES; probe++) {
      const slot = (hash + probe) & mask;
      const number = this.#slots[slot]!;
      if (number === NONE) {
        if (!adds) return NONE;
        this.#slots[slot] = this.#size;
        return this.#append(source, start, end, hash);
      }
      if (this.#hashes[number] === hash && this.#equals(number, source, start, end)) return number;
    }
    const key = keyOf(source.subarray(start, end));
    const number = this.#crowded.get(key) ?? NONE;
    if (number !== NONE || !adds) return number;
    this.#crowded.set(key, this.#size);
    return this.#append(source, start, end, hash);
  }

  #equals(number: number, source: Uint8Array, start: number, end: number): boolean {
    let own = this.#starts[number]!;
    if (this.#starts[number + 1]! - own !== end - start) return false;
    for (let at = start; at < end; at++, own++) {
      if (this.#bytes[own] !== source[at]) return false;
    }
    return true;
  }

  #append(source: Uint8Array, start: number, end: number, hash: number): number {
    const number = this.#size++;
    const first = this.#starts[number]!;
    const last = first + end - start;
    if (last > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(last, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, first));
      this.#bytes = grown;
    }
    for (let at = start, own = first; at < end; at++, own++) this.#bytes[own] = source[at]!;
    if (number + 2 > this.#starts.length) {
      this.#starts = grow(this.#starts);
      this.#hashes = grow(this.#hashes);
    }
    this.#starts[number + 1] = last;
    this.#hashes[number] = hash;
    if (2 * this.#size > this.#slots.length) this.#rehash();
    return number;
  }

  /** Twice the places. */
  #rehash(): void {
    const slots = new Int32Array(2 * this.#slots.length).fill(NONE);
    const mask = slots.length - 1;
    this.#crowded.clear();
    for (let number = 0; number < this.#size; number++) {
      const hash = this.#hashes[number]!;
      let probe = 0;
      while (probe < MOST_PROBES && slots[(hash + probe) & mask] !== NONE) probe++;
      if (probe < MOST_PROBES) slots[(hash + probe) & mask] = number;
      else this.#crowded.set(keyOf(this.bytes(number)), number);
    }
    this.#slots = slots;
  }
}

/** Four bytes at a time, since each step waits for the one before. */
function hashOf(source: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word =
      source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16) | (source[at + 3]! << 24);
    hash = Math.imul(hash ^ word, 0x01000193);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ source[at]!, 0x01000193);
  return hash ^ (hash >>> 15);
}

function keyOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function grow(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(2 * numbers.length);
  grown.set(numbers);
  return grown;
}
