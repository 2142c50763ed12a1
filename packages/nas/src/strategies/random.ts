import type { StrategyFactory } from './strategy.ts';

/** Every candidate that passes, equally likely by its choices. */
export const randomSearch: StrategyFactory = (context) => ({
  state: null,
  ask: (random, accepts) => context.draw(random, accepts),
  tell() {},
});
