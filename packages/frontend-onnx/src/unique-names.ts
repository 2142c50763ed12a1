import type { NameTable } from '@nnmeter/model-source/protobuf';

/** A name: its number among those of the main graph, whose text is made only if it is asked for, or its text. */
export type Name = number | string;

/** Hands out names that differ from all before; the first of a kind is kept as it is. */
export class UniqueNames {
  readonly #main: NameTable;
  /** By number of a name of the main graph: whether it was handed out. */
  readonly #isTaken: Uint8Array;
  readonly #others = new Set<string>();
  /** How often a name was asked for again. */
  readonly #repeats = new Map<string, number>();

  /** @param main names of the main graph, which nearly all are */
  constructor(main: NameTable) {
    this.#main = main;
    this.#isTaken = new Uint8Array(main.size);
  }

  /** As {@link take}, of a name of the main graph. */
  takeMain(number: number): Name {
    if (this.#isTaken[number] === 1 || this.#others.size > 0)
      return this.take(this.#main.text(number));
    this.#isTaken[number] = 1;
    return number;
  }

  take(name: string): string {
    let unique = name;
    if (this.#has(name)) {
      let repeat = this.#repeats.get(name) ?? 0;
      while (this.#has(unique)) unique = `${name}_${++repeat}`;
      this.#repeats.set(name, repeat);
    }
    this.#others.add(unique);
    return unique;
  }

  text(name: Name): string {
    return typeof name === 'number' ? this.#main.text(name) : name;
  }

  #has(name: string): boolean {
    if (this.#others.has(name)) return true;
    const number = this.#main.find(name);
    return number >= 0 && this.#isTaken[number] === 1;
  }
}
