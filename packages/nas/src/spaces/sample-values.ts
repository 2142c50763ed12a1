import type { Sample } from '../choices.ts';
import type { ChoiceInput } from '../space.ts';

/** The value of a numeric choice. */
export function numberOf(sample: Sample, label: string): number {
  return Number(sample[label]);
}

/** The value of a choice of names. */
export function nameOf(sample: Sample, label: string): string {
  return String(sample[label]);
}

/** 0, 1, ... */
export function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** A choice of a block that is there from a depth on. */
export function fromDepth(
  values: readonly (string | number)[],
  depthLabel: string,
  depths: readonly number[],
  index: number,
): ChoiceInput {
  const deepEnough = depths.filter((depth) => depth > index);
  return deepEnough.length === depths.length
    ? { values }
    : { values, when: { [depthLabel]: deepEnough } };
}
