import type { Genome } from '../choices.ts';
import { type Costs, crowdingDistances, paretoFronts } from '../pareto.ts';
import type { Random } from '../sampling.ts';
import { changeValue, firstAccepted, freeLabels, type StrategyFactory } from './strategy.ts';

export interface Nsga2Options {
  /** Default 20. */
  readonly population?: number;
}

interface Member {
  readonly genome: readonly number[];
  readonly costs: Costs;
}

interface State {
  asked: number;
  /** Best first: by front, within a front the lonely ones. */
  population: readonly Member[];
}

/**
 * NSGA-II (Deb et al. 2002) of any number of objectives, one candidate at a time: parents by tournaments of two, uniform crossover,
 * one changed choice a child on average; of population and child the worst goes.
 */
export function nsga2(options: Nsga2Options = {}): StrategyFactory {
  const { population = 20 } = options;
  return (context, state) => {
    const { choices } = context;
    const current = (state as State | undefined) ?? { asked: 0, population: [] };
    const parent = (random: Random): Genome => {
      const rank = Math.min(
        Math.floor(random() * current.population.length),
        Math.floor(random() * current.population.length),
      );
      return Uint8Array.from(current.population[rank]!.genome);
    };
    return {
      state: current,
      ask(random, accepts) {
        if (current.asked++ < population || current.population.length === 0)
          return context.draw(random, accepts);
        return firstAccepted(context, random, accepts, () => {
          const [child, other] = [parent(random), parent(random)];
          for (let label = 0; label < child.length; label++)
            if (random() < 0.5) child[label] = other[label]!;
          return mutate(child, random);
        });
      },
      tell(genome, costs) {
        if (costs === null) return;
        const all = [...current.population, { genome: [...genome], costs }];
        current.population = ranked(all).slice(0, population);
      },
    };

    function mutate(child: Genome, random: Random): Genome {
      const free = freeLabels(choices, child);
      for (const label of free)
        if (random() * free.length < 1) changeValue(choices, child, label, random);
      return child;
    }
  };
}

function ranked(members: readonly Member[]): Member[] {
  return paretoFronts(members, (member) => member.costs).flatMap((front) => {
    const distances = crowdingDistances(front.map((member) => member.costs));
    return front
      .map((member, at) => ({ member, distance: distances[at]! }))
      .sort((a, b) => compare(b.distance, a.distance))
      .map(({ member }) => member);
  });
}

/** Infinite ones are equal. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}
