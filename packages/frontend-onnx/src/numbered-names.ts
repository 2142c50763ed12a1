import { UniqueNames } from '@nnmeter/ir';
import type { NameTable } from '@nnmeter/model-source/protobuf';
import type { Expansion } from './expansion.ts';

/** A name: its number among those of the main graph, whose text is made only if it is asked for, or its text. */
export type Name = number | string;

/** Hands out names that differ from all before; the first of a kind is kept as it is. */
export class NumberedNames {
  readonly #main: NameTable;
  /** By number of a name of the main graph: whether it was handed out. */
  readonly #isTaken: Uint8Array;
  readonly #others: UniqueNames;
  readonly #expansion: Expansion;
  /** Whether there are any of those. */
  #hasOthers = false;

  /** @param main names of the main graph, which nearly all are */
  constructor(main: NameTable, expansion: Expansion) {
    this.#main = main;
    this.#expansion = expansion;
    this.#isTaken = new Uint8Array(main.size);
    this.#others = new UniqueNames((name) => {
      const number = main.find(name);
      return number >= 0 && this.#isTaken[number] === 1;
    });
  }

  /** As {@link take}, of a name of the main graph. */
  takeMain(number: number): Name {
    if (this.#isTaken[number] === 1 || this.#hasOthers) return this.take(this.#main.text(number));
    this.#isTaken[number] = 1;
    return number;
  }

  take(name: string): string {
    this.#hasOthers = true;
    this.#expansion.add('characters in its names', name.length);
    return this.#others.take(name);
  }

  text(name: Name): string {
    return typeof name === 'number' ? this.#main.text(name) : name;
  }
}
