import { createRandom } from '@nnmeter/forest';
import type { ChoiceIndex, Genome } from './choices.ts';

export type Random = () => number;

/** The random numbers of one step of something seeded: what a step draws follows from both numbers alone. */
export function randomOfStep(seed: number, step: number): Random {
  return createRandom((Math.imul(seed, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca6b)) | 0);
}

/** A candidate, every label drawn evenly. */
export function randomGenome(choices: ChoiceIndex, random: Random): Genome {
  const genome = new Uint8Array(choices.labels.length);
  for (let label = 0; label < genome.length; label++)
    genome[label] = Math.floor(random() * choices.values[label]!.length);
  return choices.settle(genome);
}
