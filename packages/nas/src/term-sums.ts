import type { ChoiceIndex, Genome } from './choices.ts';

/** What depends on some labels together: a row of figures for every combination of their values. */
export interface Term {
  readonly labels: readonly number[];
  /** By label of the term: how far apart two neighbouring values are. */
  readonly strides: readonly number[];
  /** How many combinations there are. */
  readonly size: number;
  readonly rows: Float64Array;
}

/** An additive model of figures over a space: base and terms. It scores hundreds of thousands of candidates a second. */
export class TermSums {
  readonly choices: ChoiceIndex;
  readonly width: number;
  readonly base: Float64Array;
  readonly terms: Term[] = [];
  readonly #active: Uint8Array;

  constructor(choices: ChoiceIndex, base: Float64Array) {
    this.choices = choices;
    this.base = base;
    this.width = base.length;
    this.#active = new Uint8Array(choices.labels.length);
  }

  /** Adds a term of zeros. */
  add(labels: readonly number[]): Term {
    const strides = new Array<number>(labels.length);
    let size = 1;
    for (let at = labels.length - 1; at >= 0; at--) {
      strides[at] = size;
      size *= this.choices.values[labels[at]!]!.length;
    }
    const term = { labels, strides, size, rows: new Float64Array(size * this.width) };
    this.terms.push(term);
    return term;
  }

  /** The figures of a candidate. @param row is filled and returned */
  score(genome: Genome, row: Float64Array = new Float64Array(this.width)): Float64Array {
    const { width } = this;
    const active = this.choices.activity(genome, this.#active);
    row.set(this.base);
    for (const term of this.terms) {
      const entry = entryOf(term, genome, active);
      if (entry < 0) continue;
      const start = entry * width;
      for (let figure = 0; figure < width; figure++) row[figure]! += term.rows[start + figure]!;
    }
    return row;
  }
}

/** Where a term has the entry of a candidate; -1 if one of its labels does not matter. */
export function entryOf(term: Term, genome: Genome, active: Uint8Array): number {
  let entry = 0;
  for (let at = 0; at < term.labels.length; at++) {
    const label = term.labels[at]!;
    if (active[label] === 0) return -1;
    entry += genome[label]! * term.strides[at]!;
  }
  return entry;
}

/** The values at an entry, written into a genome. */
export function setEntry(term: Term, entry: number, genome: Genome, choices: ChoiceIndex): void {
  term.labels.forEach((label, at) => {
    genome[label] = Math.floor(entry / term.strides[at]!) % choices.values[label]!.length;
  });
}
