import type { KernelDescription } from './kernel-description.ts';

const FIELDS = 26;
const CAPACITY = 1 << 15;
const MOST_ENTRIES = CAPACITY / 2;

function writeFields(kernel: KernelDescription, out: Float64Array): void {
  const k = kernel;
  out[0] = k.kind;
  out[1] = k.borrowed;
  out[2] = k.batch;
  out[3] = k.depth;
  out[4] = k.height;
  out[5] = k.width;
  out[6] = k.channels;
  out[7] = k.outDepth;
  out[8] = k.outHeight;
  out[9] = k.outWidth;
  out[10] = k.outChannels;
  out[11] = k.kernelDepth;
  out[12] = k.kernelHeight;
  out[13] = k.kernelWidth;
  out[14] = k.strideHeight;
  out[15] = k.strideWidth;
  out[16] = k.dilation;
  out[17] = k.groups;
  out[18] = k.activation;
  out[19] = k.addFollows;
  out[20] = k.inputs;
  out[21] = k.misaligned;
  out[22] = k.inner;
  out[23] = k.inputElements;
  out[24] = k.outputElements;
  out[25] = k.pooled;
}

/**
 * Remembers a value by kernel description: open addressing on the numbers themselves, since a search over
 * architectures asks for the same kernels millions of times and building text keys would cost more than the rest.
 * Forgets everything when half full.
 */
export class DescriptionCache<Value> {
  #keys: Float64Array | undefined;
  #values: (Value | undefined)[] = [];
  #entries = 0;
  readonly #row = new Float64Array(FIELDS);

  get(kernel: KernelDescription, compute: (kernel: KernelDescription) => Value): Value {
    this.#keys ??= new Float64Array(CAPACITY * FIELDS);
    const keys = this.#keys;
    const row = this.#row;
    writeFields(kernel, row);
    let hash = 0;
    for (let field = 0; field < FIELDS; field++)
      hash = Math.imul(hash ^ row[field]!, 0x9e3779b1) ^ (hash >>> 15);
    let slot = (hash ^ (hash >>> 16)) & (CAPACITY - 1);
    for (;;) {
      const value = this.#values[slot];
      if (value === undefined) break;
      let field = 0;
      while (field < FIELDS && keys[slot * FIELDS + field] === row[field]) field++;
      if (field === FIELDS) return value;
      slot = (slot + 1) & (CAPACITY - 1);
    }
    const value = compute(kernel);
    if (this.#entries >= MOST_ENTRIES) {
      this.#values = [];
      this.#entries = 0;
    }
    if (this.#values.length === 0) this.#values = new Array(CAPACITY).fill(undefined);
    keys.set(row, slot * FIELDS);
    this.#values[slot] = value;
    this.#entries++;
    return value;
  }
}
