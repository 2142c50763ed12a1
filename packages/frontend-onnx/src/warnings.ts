/** Collects what the user should know; of many nodes with the same trouble only the first is named. */
export class Warnings {
  readonly #found = new Map<string, { readonly text: string; count: number }>();

  /** @param kind the same for nodes whose troubles are the same; by default the text itself */
  add(text: string, kind = text): void {
    const found = this.#found.get(kind);
    if (found === undefined) this.#found.set(kind, { text, count: 1 });
    else found.count++;
  }

  get texts(): readonly string[] {
    return [...this.#found.values()].map(({ text, count }) =>
      count === 1 ? text : `${text} (and ${count - 1} more like it)`,
    );
  }
}
