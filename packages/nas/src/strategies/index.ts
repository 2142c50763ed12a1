import { NnMeterError, quote } from '@nnmeter/ir';
import { regularizedEvolution } from './evolution.ts';
import { gridSearch } from './grid.ts';
import { localSearch } from './local-search.ts';
import { nsga2 } from './nsga2.ts';
import { randomSearch } from './random.ts';
import type { StrategyFactory } from './strategy.ts';

const STRATEGIES = {
  random: () => randomSearch,
  grid: () => gridSearch,
  evolution: (population?: number) => regularizedEvolution(population ? { population } : {}),
  nsga2: (population?: number) => nsga2(population ? { population } : {}),
  local: () => localSearch(),
} as const satisfies Record<string, (population?: number) => StrategyFactory>;

export type StrategyName = keyof typeof STRATEGIES;

export const strategyNames = Object.keys(STRATEGIES) as readonly StrategyName[];

/**
 * A strategy by its name.
 * @param population of evolution and nsga2
 * @throws NnMeterError E_INVALID_INPUT with the names that there are
 */
export function strategyNamed(name: string, population?: number): StrategyFactory {
  if (population !== undefined && !(Number.isSafeInteger(population) && population >= 2))
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `a population is a whole number from 2, not ${population}`,
    );
  if (Object.hasOwn(STRATEGIES, name)) return STRATEGIES[name as StrategyName](population);
  throw new NnMeterError('E_INVALID_INPUT', `there is no strategy ${quote(name)}`, {
    hint: `there are ${strategyNames.join(', ')}`,
  });
}
