import { NnMeterError } from '@nnmeter/ir';
import type { StrategyFactory } from './strategy.ts';

/** Larger spaces are not walked through. */
export const MAX_GRID = 10_000_000n;

/** Every candidate in turn, the last label varying fastest. @throws NnMeterError E_LIMIT for spaces that are too large */
export const gridSearch: StrategyFactory = ({ choices }, state) => {
  const size = choices.size();
  if (size > MAX_GRID) {
    throw new NnMeterError(
      'E_LIMIT',
      `a grid over ${approximately(size)} samples comes to no end; ${MAX_GRID} are the most`,
      { hint: 'choose another strategy: random, evolution, nsga2 or local' },
    );
  }
  const current = (state as { next: number[] | null } | undefined) ?? {
    next: choices.labels.map(() => 0),
  };
  return {
    state: current,
    ask(_random, accepts) {
      while (current.next !== null) {
        const genome = Uint8Array.from(current.next);
        const isCanonical = choices
          .settle(genome.slice())
          .every((value, label) => value === genome[label]);
        current.next = successor(current.next, choices.values);
        if (isCanonical && accepts(genome)) return genome;
      }
      return undefined;
    },
    tell() {},
  };
};

function successor(
  positions: readonly number[],
  values: readonly (readonly unknown[])[],
): number[] | null {
  const next = [...positions];
  for (let label = next.length - 1; label >= 0; label--) {
    next[label]!++;
    if (next[label]! < values[label]!.length) return next;
    next[label] = 0;
  }
  return null;
}

function approximately(size: bigint): string {
  const text = size.toString();
  return text.length > 9 ? `10^${text.length - 1}` : text;
}
