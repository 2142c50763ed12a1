import { type Costs, dominates } from '../pareto.ts';
import { changeOne, firstAccepted, pick, type StrategyFactory } from './strategy.ts';

export interface LocalSearchOptions {
  /** Random candidates to begin with; default 10. */
  readonly start?: number;
}

interface State {
  asked: number;
  /** What nothing dominates. */
  best: readonly { readonly genome: readonly number[]; readonly costs: Costs }[];
}

/** Neighbours of what nothing dominates so far, in one choice; of any number of objectives. */
export function localSearch(options: LocalSearchOptions = {}): StrategyFactory {
  const { start = 10 } = options;
  return (context, state) => {
    const current = (state as State | undefined) ?? { asked: 0, best: [] };
    return {
      state: current,
      ask(random, accepts) {
        if (current.asked++ < start || current.best.length === 0)
          return context.draw(random, accepts);
        return firstAccepted(context, random, accepts, () =>
          changeOne(context.choices, Uint8Array.from(pick(current.best, random).genome), random),
        );
      },
      tell(genome, costs) {
        if (costs === null || current.best.some((member) => dominates(member.costs, costs))) return;
        const kept = current.best.filter((member) => !dominates(costs, member.costs));
        current.best = [...kept, { genome: [...genome], costs }];
      },
    };
  };
}
