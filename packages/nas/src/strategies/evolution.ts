import { NnMeterError } from '@nnmeter/ir';
import { changeOne, firstAccepted, pick, type StrategyFactory } from './strategy.ts';

export interface EvolutionOptions {
  /** Candidates that are alive; default 50. */
  readonly population?: number;
  /** Of these, how many compete to be changed; default a fifth, 2 at least. */
  readonly tournament?: number;
}

interface State {
  asked: number;
  /** Oldest first. */
  readonly alive: { readonly genome: readonly number[]; readonly cost: number }[];
}

/**
 * Regularized evolution (Real et al., arXiv:1802.01548): the best of a few is changed in one choice, the oldest dies. Of one
 * objective.
 * @throws NnMeterError E_INVALID_INPUT for several objectives
 */
export function regularizedEvolution(options: EvolutionOptions = {}): StrategyFactory {
  const { population = 50 } = options;
  const { tournament = Math.max(2, Math.round(population / 5)) } = options;
  return (context, state) => {
    if (context.objectives !== 1) {
      throw new NnMeterError(
        'E_INVALID_INPUT',
        `regularized evolution has one objective, not ${context.objectives}`,
        {
          hint: 'choose nsga2 or local for several, or make limits of all but one',
        },
      );
    }
    const current = (state as State | undefined) ?? { asked: 0, alive: [] };
    return {
      state: current,
      ask(random, accepts) {
        if (current.asked++ < population || current.alive.length === 0)
          return context.draw(random, accepts);
        return firstAccepted(context, random, accepts, () => {
          let parent = pick(current.alive, random);
          for (let rival = 1; rival < tournament; rival++) {
            const other = pick(current.alive, random);
            if (other.cost < parent.cost) parent = other;
          }
          return changeOne(context.choices, Uint8Array.from(parent.genome), random);
        });
      },
      tell(genome, costs) {
        if (costs === null) return;
        current.alive.push({ genome: [...genome], cost: costs[0]! });
        if (current.alive.length > population) current.alive.shift();
      },
    };
  };
}
