import type { KernelDescription } from './kernel-description.ts';

/**
 * Terms of a device family: latency of a kernel is the sum of terms times non-negative coefficients.
 * The order of `names` is part of the weights format.
 */
export interface TermTable {
  /** Readable formulas, by term index. */
  readonly names: readonly string[];
  /**
   * Sets of terms that mean the same for different kinds, such as the start of a stage: where the measurements say
   * little about one of them, its coefficient is drawn to their common one.
   */
  readonly alike?: readonly (readonly number[])[];
  /** Writes the terms of a kernel into `out`, which holds zeros and is as long as `names`. */
  fill(kernel: KernelDescription, out: Float64Array): void;
}

/** Splits one list of term names into blocks that start at known indices. */
export function termBlocks<Block extends string>(
  blocks: Readonly<Record<Block, readonly string[]>>,
): { readonly names: readonly string[]; readonly start: Readonly<Record<Block, number>> } {
  const names: string[] = [];
  const start = {} as Record<Block, number>;
  for (const block of Object.keys(blocks) as Block[]) {
    start[block] = names.length;
    for (const name of blocks[block]) names.push(`${block}: ${name}`);
  }
  return { names, start };
}
