/** Writes pickles by hand, opcode by opcode, for what no well-meaning program writes. */
export class PickleBuilder {
  readonly #bytes: number[] = [0x80, 4];

  raw(...bytes: number[]): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  repeat(count: number, ...bytes: number[]): this {
    for (let i = 0; i < count; i++) this.raw(...bytes);
    return this;
  }

  global(module: string, name: string): this {
    return this.raw(0x63, ...Buffer.from(`${module}\n${name}\n`));
  }

  text(text: string): this {
    return this.raw(0x8c, text.length, ...Buffer.from(text));
  }

  int32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return this.raw(0x4a, ...bytes);
  }

  end(): Uint8Array {
    return Uint8Array.from([...this.#bytes, 0x2e]);
  }
}
