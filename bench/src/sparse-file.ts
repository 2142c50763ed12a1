import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';

/** Sides of the square weights of large models, and the bytes of one of them. */
export const WIDTH = 2048;
export const WEIGHT_BYTES = WIDTH * WIDTH * 4;

/** A file that is written from front to back, in which what is skipped takes no space on the disk. */
export class SparseFile {
  readonly #file: number;
  #size = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  get size(): number {
    return this.#size;
  }

  write(part: ArrayLike<number>): void {
    this.#size += writeSync(this.#file, Uint8Array.from(part), 0, part.length, this.#size);
  }

  skip(bytes: number): void {
    this.#size += bytes;
  }

  close(): void {
    ftruncateSync(this.#file, this.#size);
    closeSync(this.#file);
  }
}
