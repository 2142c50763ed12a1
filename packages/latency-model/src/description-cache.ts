import { FIELDS, TELLING_FIELDS, writeFields } from './description-fields.ts';
import type { KernelDescription } from './kernel-description.ts';

const FIRST_CAPACITY = 1 << 10;
const LAST_CAPACITY = 1 << 15;

/**
 * Remembers a value by kernel description: open addressing on the numbers themselves, since a search over
 * architectures asks for the same kernels millions of times and building text keys would cost more than the rest.
 * Half full it doubles, and at its greatest size forgets everything.
 */
export class DescriptionCache<Value> {
  readonly #firstCapacity: number;
  #capacity = 0;
  #keys = new Float64Array(0);
  #values: (Value | undefined)[] = [];
  #entries = 0;
  readonly #row = new Float64Array(FIELDS);

  /** @param firstCapacity a power of 2 */
  constructor(firstCapacity = FIRST_CAPACITY) {
    this.#firstCapacity = firstCapacity;
  }

  /** What is remembered of a kernel, whatever runs beside it; else what `compute` gives. */
  get(kernel: KernelDescription, compute: (kernel: KernelDescription) => Value): Value {
    if (this.#capacity === 0) this.#clear(this.#firstCapacity);
    writeFields(kernel, this.#row);
    let slot = this.#find(this.#row);
    const known = this.#values[slot];
    if (known !== undefined) return known;
    const value = compute(kernel);
    if (this.#entries >= this.#capacity / 2) {
      this.#grow();
      slot = this.#find(this.#row);
    }
    this.#put(slot, this.#row, value);
    return value;
  }

  /** The slot that holds the row, or the free one where it belongs. */
  #find(row: Float64Array): number {
    const keys = this.#keys;
    const values = this.#values;
    const mask = this.#capacity - 1;
    let hash = 0;
    for (let field = 0; field < TELLING_FIELDS; field++)
      hash = Math.imul(hash ^ row[field]!, 0x9e3779b1) ^ (hash >>> 15);
    let slot = (hash ^ (hash >>> 16)) & mask;
    while (values[slot] !== undefined) {
      let field = 0;
      while (field < FIELDS && keys[slot * FIELDS + field] === row[field]) field++;
      if (field === FIELDS) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #put(slot: number, row: Float64Array, value: Value): void {
    this.#keys.set(row, slot * FIELDS);
    this.#values[slot] = value;
    this.#entries++;
  }

  #grow(): void {
    const keys = this.#keys;
    const values = this.#values;
    if (this.#capacity === LAST_CAPACITY) {
      this.#clear(this.#firstCapacity);
      return;
    }
    this.#clear(this.#capacity * 2);
    for (const [slot, value] of values.entries()) {
      if (value === undefined) continue;
      const row = keys.subarray(slot * FIELDS, (slot + 1) * FIELDS);
      this.#put(this.#find(row), row, value);
    }
  }

  #clear(capacity: number): void {
    this.#capacity = capacity;
    this.#keys = new Float64Array(capacity * FIELDS);
    this.#values = new Array(capacity).fill(undefined);
    this.#entries = 0;
  }
}
