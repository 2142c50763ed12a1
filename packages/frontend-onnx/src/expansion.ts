import { NnMeterError } from '@nnmeter/ir';

/**
 * The most of everything that a small file may multiply by functions, branches, loops and sequences. The largest real
 * networks have some 100,000 nodes.
 */
const MOST = {
  nodes: 500_000,
  /** Of the bodies, as often as they run, and what their nodes read. */
  'names in its functions and loops': 3_000_000,
  /** Made by loops and sequences, and the elements of every sequence. */
  'tensors in its loops and sequences': 1_000_000,
  /** Names inside functions and loops begin with those of all calls around them. */
  'characters in its names': 50_000_000,
};

/** Counts what a model amounts to once its functions, loops and sequences are written out. */
export class Expansion {
  readonly #counts = new Map<keyof typeof MOST, number>();

  /** @throws NnMeterError E_LIMIT */
  add(what: keyof typeof MOST, count: number): void {
    const total = (this.#counts.get(what) ?? 0) + count;
    this.#counts.set(what, total);
    if (total <= MOST[what]) return;
    throw new NnMeterError(
      'E_LIMIT',
      `written out the model has more than ${MOST[what].toLocaleString('en')} ${what}; no real network does, so reading it stops here`,
      { hint: 'export it with fewer trips of loops, or without functions' },
    );
  }
}
