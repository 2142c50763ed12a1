/** Names of which none is given twice. */
export class UniqueNames {
  readonly #taken = new Set<string>();
  /** How often a name was wanted again. */
  readonly #repeats = new Map<string, number>();
  readonly #isTakenElsewhere: (name: string) => boolean;

  /** @param isTakenElsewhere names that others have given */
  constructor(isTakenElsewhere: (name: string) => boolean = () => false) {
    this.#isTakenElsewhere = isTakenElsewhere;
  }

  has(name: string): boolean {
    return this.#taken.has(name) || this.#isTakenElsewhere(name);
  }

  /** Takes a name, or the first free one of `name_1`, `name_2`, ... @returns what is taken */
  take(wanted: string): string {
    let name = wanted;
    if (this.has(name)) {
      let repeat = this.#repeats.get(wanted) ?? 0;
      while (this.has(name)) name = `${wanted}_${++repeat}`;
      this.#repeats.set(wanted, repeat);
    }
    this.#taken.add(name);
    return name;
  }
}
