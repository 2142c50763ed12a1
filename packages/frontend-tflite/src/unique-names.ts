/** Names of which none is given twice. */
export class UniqueNames {
  /** By name: how often it was wanted. */
  readonly #given = new Map<string, number>();

  has(name: string): boolean {
    return this.#given.has(name);
  }

  /** Takes a name, or the first free one of `name_1`, `name_2`, ... @returns what is taken */
  add(wanted: string): string {
    let name = wanted;
    for (let count = this.#given.get(wanted) ?? 0; this.#given.has(name); ) {
      name = `${wanted}_${++count}`;
      this.#given.set(wanted, count);
    }
    this.#given.set(name, 0);
    return name;
  }
}
