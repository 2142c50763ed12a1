/** The last of what a program printed, whatever it prints and however much. */
export class Tail {
  readonly #limit: number;
  #bytes = Buffer.alloc(0);

  constructor(limit = 2000) {
    this.#limit = limit;
  }

  add(piece: Buffer): void {
    const joined = Buffer.concat([this.#bytes, piece.subarray(-this.#limit)]);
    this.#bytes = joined.subarray(-this.#limit);
  }

  /** Without what no terminal should be sent. */
  text(): string {
    return printable(this.#bytes.toString('utf8')).trim();
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const UNPRINTABLE = /\x1b\[[\d;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd]/g;

/** Without colours, and with control characters and broken UTF-8 as blanks. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (found) => (found.length > 1 ? '' : ' ')).replace(/ {2,}/g, ' ');
}
