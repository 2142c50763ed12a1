/** Hands out names that differ from all before; the first of a kind is kept as it is. */
export class UniqueNames {
  readonly #taken = new Set<string>();
  readonly #counts = new Map<string, number>();

  take(name: string): string {
    let unique = name;
    let count = this.#counts.get(name) ?? 0;
    while (this.#taken.has(unique)) unique = `${name}_${++count}`;
    this.#counts.set(name, count);
    this.#taken.add(unique);
    return unique;
  }
}
