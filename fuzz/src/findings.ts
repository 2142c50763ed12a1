import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FuzzFormat } from './format.ts';
import type { Verdict } from './judge.ts';

export type Finding = Extract<Verdict, { outcome: 'violated' }>;

/** Keeps the smallest input of each kind of finding in a folder, with a text that says what is wrong. */
export class Findings {
  readonly #format: FuzzFormat;
  readonly #folder: string;
  /** By kind: how often it was found, and the size of the smallest input. */
  readonly #kinds = new Map<string, { count: number; bytes: number }>();

  constructor(format: FuzzFormat, folder: string) {
    this.#format = format;
    this.#folder = folder;
  }

  get count(): number {
    let sum = 0;
    for (const { count } of this.#kinds.values()) sum += count;
    return sum;
  }

  get kinds(): number {
    return this.#kinds.size;
  }

  /** @returns the file, if it is the first of its kind */
  add(finding: Finding, bytes: Uint8Array, origin: string): string | undefined {
    const kind = kindOf(finding);
    const known = this.#kinds.get(kind);
    const isSmallest = known === undefined || bytes.length < known.bytes;
    this.#kinds.set(kind, {
      count: (known?.count ?? 0) + 1,
      bytes: isSmallest ? bytes.length : known.bytes,
    });
    if (!isSmallest) return undefined;
    const { oracle, message, stack } = finding;
    const hash = createHash('sha256').update(kind).digest('hex').slice(0, 8);
    const file = join(this.#folder, `${this.#format.name}-${oracle}-${hash}${this.#format.suffix}`);
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(file, bytes);
    writeFileSync(`${file}.txt`, `${oracle}: ${message}\n${origin}\n\n${stack}\n`);
    return known === undefined ? file : undefined;
  }
}

/** Findings of one kind have the same words, names and numbers aside, and the same place in the code. */
function kindOf({ oracle, message, stack }: Finding): string {
  const place =
    /\(?(?:file:\/\/)?[^\s(]*\/(?:packages|predictors|fuzz)\/[^\s)]+/.exec(stack)?.[0] ?? '';
  return `${oracle} ${message.replace(/"[^"]*"/g, '"').replace(/-?\d[\d.e+]*/g, '0')} ${place}`;
}
