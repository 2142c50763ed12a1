import type { Graph } from '@nnmeter/ir';

/** A model that may be planned. */
export interface Draft {
  /** What the id begins with. */
  readonly family: string;
  /** All that decides what the model is, as plain data. */
  readonly configuration: unknown;
  readonly isKernel: boolean;
  /** @throws NnMeterError E_SHAPE if its image is too small */
  build(name: string): Graph;
}

/** Draws a model of one kind. */
export type Draw = (random: () => number) => Draft;

export type Random = () => number;

/** A member of a list. */
export function choose<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)]!;
}

/** A number between two others, evenly on a logarithmic scale. */
export function between(random: Random, low: number, high: number): number {
  return low * (high / low) ** random();
}

/** A copy of a list in another order. */
export function shuffled<T>(list: readonly T[], random: Random): T[] {
  const copy = [...list];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [copy[last], copy[other]] = [copy[other]!, copy[last]!];
  }
  return copy;
}

const LEAST_SIDE = 32;
const MOST_SIDE = 320;

/** Side of an image, 32 to 320 pixels; half of them multiples of 32, of which runtimes and networks are fond. */
export function drawSide(random: Random): number {
  const side = between(random, LEAST_SIDE, MOST_SIDE);
  return random() < 0.5 ? Math.round(side / 32) * 32 : Math.round(side);
}

/**
 * Scales widths of layers by a factor of the network and a smaller one of each layer; half of the networks have
 * widths that are multiples of 8, on which runtimes' fast paths depend.
 */
export function drawWidths(random: Random): (width: number) => number {
  const factor = between(random, 0.2, 1.75);
  const multiple = random() < 0.5 ? 8 : 1;
  return (width) => {
    const scaled = width * factor * between(random, 0.75, 1.33);
    return Math.max(Math.max(multiple, 4), Math.round(scaled / multiple) * multiple);
  };
}
