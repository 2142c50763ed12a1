import { NnMeterError, quote } from '@nnmeter/ir';
import type { OfferedFile } from '../../src/offer.ts';

/** What model readers use of a File, for one that the page's server has: only the ranges that are read are loaded. */
export class RemoteBlob {
  readonly name: string;
  readonly size: number;
  readonly #url: string;
  /** Of what it is a range of. */
  readonly #start: number;

  constructor({ name, size, url }: OfferedFile, start = 0) {
    this.name = name;
    this.size = size;
    this.#url = url;
    this.#start = start;
  }

  slice(start: number, end: number): RemoteBlob {
    const from = Math.min(start, this.size);
    const size = Math.max(0, Math.min(end, this.size) - from);
    return new RemoteBlob({ name: this.name, size, url: this.#url }, this.#start + from);
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    if (this.size === 0) return new ArrayBuffer(0);
    const range = `bytes=${this.#start}-${this.#start + this.size - 1}`;
    const response = await fetch(this.#url, { headers: { range } });
    if (response.status === 206) return response.arrayBuffer();
    throw new NnMeterError(
      'E_FILE',
      `the server does not give ${quote(this.name)} in ranges (status ${response.status})`,
      { where: { file: this.name }, hint: 'start nn-meter ui again' },
    );
  }
}
