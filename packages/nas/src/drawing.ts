import { Candidate } from './candidate.ts';
import type { Genome } from './choices.ts';
import { type Filter, passes } from './filters.ts';
import { type Random, randomGenome } from './sampling.ts';
import type { TableScorer } from './table-scorer.ts';

/** Draws before a candidate is not drawn but repaired. */
const DRAWS = 200;
/** Repairs before a draw is given up. */
const REPAIRS = 20;

/** Draws candidates that pass filters. */
export class Drawing {
  readonly scorer: TableScorer;
  readonly filters: readonly Filter[];

  constructor(scorer: TableScorer, filters: readonly Filter[]) {
    this.scorer = scorer;
    this.filters = filters;
  }

  /** The candidate of a genome. */
  candidate(genome: Genome): Candidate {
    return new Candidate(genome, this.scorer);
  }

  /** Whether a genome passes the filters. */
  admits(genome: Genome): boolean {
    return this.filters.length === 0 || passes(this.filters, this.candidate(genome));
  }

  /**
   * A random candidate that passes and is accepted. Where hardly any passes, random ones are changed step by step until
   * they do. Undefined if none was found.
   */
  draw(random: Random, accepts: (genome: Genome) => boolean): Genome | undefined {
    const { choices } = this.scorer;
    for (let draw = 0; draw < DRAWS; draw++) {
      const genome = randomGenome(choices, random);
      if (this.admits(genome) && accepts(genome)) return genome;
    }
    for (let repair = 0; repair < REPAIRS; repair++) {
      const genome = this.descend(randomGenome(choices, random), (candidate) =>
        this.#excess(candidate),
      );
      if (this.admits(genome) && accepts(genome)) return genome;
    }
    return undefined;
  }

  /** Changes one choice after another for the better until none is left to change or the cost is 0 or less. */
  descend(start: Genome, cost: (candidate: Candidate) => number): Genome {
    const { choices } = this.scorer;
    let best = start;
    let least = cost(this.candidate(best));
    for (let isBetter = true; isBetter; ) {
      isBetter = false;
      for (const label of choices.order) {
        if (least <= 0) return best;
        const active = choices.activity(best);
        if (active[label] === 0) continue;
        for (let position = 0; position < choices.values[label]!.length; position++) {
          const genome = best.slice();
          genome[label] = position;
          const found = cost(this.candidate(choices.settle(genome)));
          if (!(found < least)) continue;
          best = genome;
          least = found;
          isBetter = true;
        }
      }
    }
    return best;
  }

  #excess(candidate: Candidate): number {
    let sum = 0;
    for (const filter of this.filters) sum += Math.max(0, filter.excess(candidate));
    return sum;
  }
}
