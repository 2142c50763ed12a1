import protobuf from 'protobufjs/minimal.js';
import { ByteTable } from './byte-table.ts';
import { readUtf8 } from './utf8.ts';

/** First byte of names with other characters than ASCII, which are kept as UTF-16. */
const UTF_16 = 0xff;

/**
 * Numbers the names in a file from 0, which is the empty one, in the order of first sight. Their texts are made when asked
 * for: of most names only the number matters.
 */
export class NameTable {
  readonly #table = new ByteTable();
  readonly #texts: (string | undefined)[] = [''];

  constructor() {
    this.#table.add(new Uint8Array(0), 0, 0);
  }

  /** How many there are; all numbers are less. */
  get size(): number {
    return this.#table.size;
  }

  /** The number of a name that lies in `source[start..end)` as UTF-8. Other bytes are written like `\xe9`. */
  add(source: Uint8Array, start: number, end: number): number {
    let all = 0;
    for (let at = start; at < end; at++) all |= source[at]!;
    if (all > 127) return this.addText(readUtf8(source, start, end));
    return this.#table.add(source, start, end);
  }

  addText(text: string): number {
    const key = keyOf(text);
    return this.#table.add(key, 0, key.length);
  }

  /** -1 if nothing has that name. */
  find(text: string): number {
    const key = keyOf(text);
    return this.#table.find(key, 0, key.length);
  }

  text(number: number): string {
    this.#texts[number] ??= textOf(this.#table.bytes(number));
    return this.#texts[number];
  }
}

function keyOf(text: string): Uint8Array {
  const ascii = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 127) return utf16Of(text);
    ascii[at] = code;
  }
  return ascii;
}

function utf16Of(text: string): Uint8Array {
  const key = new Uint8Array(1 + 2 * text.length);
  key[0] = UTF_16;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    key[1 + 2 * at] = code & 255;
    key[2 + 2 * at] = code >> 8;
  }
  return key;
}

function textOf(key: Uint8Array): string {
  if (key[0] !== UTF_16) {
    // In one piece: a string put together from parts keeps them, and is kept by the million.
    return key.length < 1024
      ? String.fromCharCode.apply(null, key as unknown as number[])
      : protobuf.util.utf8.read(key, 0, key.length);
  }
  let text = '';
  for (let at = 1; at < key.length; at += 2) {
    text += String.fromCharCode(key[at]! | (key[at + 1]! << 8));
  }
  return text;
}
