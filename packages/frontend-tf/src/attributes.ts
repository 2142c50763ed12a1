import type { AttrEntry, AttrValue } from './wire-types.ts';

/** The attributes of a node by name; it has few. */
export class Attributes {
  readonly #entries: readonly AttrEntry[];

  constructor(entries: readonly AttrEntry[]) {
    this.#entries = entries;
  }

  get(name: string): AttrValue | undefined {
    for (const { key, value } of this.#entries) if (key === name) return value ?? {};
    return undefined;
  }

  /** The same with another value. */
  with(key: string, value: AttrValue): Attributes {
    return new Attributes([{ key, value }, ...this.#entries]);
  }
}
