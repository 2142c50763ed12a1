/** Hands out names that differ from all before; the first of a kind is kept as it is. */
export class UniqueNames {
  readonly #taken = new Set<string>();
  /** How often a name was asked for again. */
  readonly #repeats = new Map<string, number>();

  take(name: string): string {
    let unique = name;
    if (this.#taken.has(name)) {
      let repeat = this.#repeats.get(name) ?? 0;
      while (this.#taken.has(unique)) unique = `${name}_${++repeat}`;
      this.#repeats.set(name, repeat);
    }
    this.#taken.add(unique);
    return unique;
  }
}
