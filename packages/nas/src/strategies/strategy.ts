import type { ChoiceIndex, Genome } from '../choices.ts';
import type { Costs } from '../pareto.ts';
import type { Random } from '../sampling.ts';

/** What a strategy may use. */
export interface StrategyContext {
  readonly choices: ChoiceIndex;
  /** How many costs a candidate has. */
  readonly objectives: number;
  /** A random candidate that passes all filters and is accepted; undefined if none was found. */
  draw(random: Random, accepts: (genome: Genome) => boolean): Genome | undefined;
}

/**
 * Decides what to evaluate next. All that it knows is `state`, plain JSON, so that a search can be stopped and go on
 * elsewhere. Chance comes only from what `ask` is given.
 */
export interface Strategy<State = unknown> {
  readonly state: State;
  /**
   * The next candidate; undefined if there is none.
   * @param accepts whether a candidate passes the filters and is new; what it refuses must not be returned
   */
  ask(random: Random, accepts: (genome: Genome) => boolean): Genome | undefined;
  /** @param costs the less the better; null if it could not be evaluated */
  tell(genome: Genome, costs: Costs | null): void;
}

/** Makes a strategy, or one that goes on from a state. */
export type StrategyFactory = (context: StrategyContext, state?: unknown) => Strategy;

/** Attempts to change a candidate before a random one is taken. */
const ATTEMPTS = 200;

/** What `make` makes, at the first attempt that is accepted; a random candidate if there is none. */
export function firstAccepted(
  context: StrategyContext,
  random: Random,
  accepts: (genome: Genome) => boolean,
  make: () => Genome,
): Genome | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const genome = context.choices.settle(make());
    if (accepts(genome)) return genome;
  }
  return context.draw(random, accepts);
}

/** A member of a list. */
export function pick<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(random() * list.length)]!;
}

/** The labels that matter and could have another value. */
export function freeLabels(choices: ChoiceIndex, genome: Genome): readonly number[] {
  const active = choices.activity(genome);
  return choices.order.filter((label) => active[label] === 1 && choices.values[label]!.length > 1);
}

/** Gives a label that matters another value, in place. Labels of one value only are left alone. */
export function changeOne(choices: ChoiceIndex, genome: Genome, random: Random): Genome {
  const free = freeLabels(choices, genome);
  if (free.length > 0) changeValue(choices, genome, pick(free, random), random);
  return genome;
}

/** Gives a label another value, in place. */
export function changeValue(
  choices: ChoiceIndex,
  genome: Genome,
  label: number,
  random: Random,
): void {
  const count = choices.values[label]!.length;
  genome[label] = (genome[label]! + 1 + Math.floor(random() * (count - 1))) % count;
}
