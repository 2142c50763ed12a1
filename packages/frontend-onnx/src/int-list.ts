/** A list of integers that grows, in four bytes each. */
export class IntList {
  /** The integers; what is behind `length` means nothing. */
  items = new Int32Array(64);
  length = 0;

  push(item: number): void {
    if (this.length === this.items.length) {
      const grown = new Int32Array(2 * this.items.length);
      grown.set(this.items);
      this.items = grown;
    }
    this.items[this.length++] = item;
  }

  slice(start: number, end: number): number[] {
    return Array.from(this.items.subarray(start, end));
  }
}
