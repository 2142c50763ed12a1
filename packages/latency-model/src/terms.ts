import type { KernelDescription } from './kernel-description.ts';
import { KERNEL_KINDS, type KernelKind } from './kernel-kind.ts';

/**
 * One term of a device's latency: a number read off a kernel. A kernel's latency is its physical floor plus the sum of
 * its terms times non-negative coefficients, ms per unit of the term, which training fits.
 */
export interface Term<Quantities> {
  /** The formula, in the letters of the set's legend. Weights carry a hash of all names: another formula, another name. */
  readonly name: string;
  readonly value: (quantities: Quantities) => number;
  /**
   * Terms with the same word mean the same for different kernels, such as the start of a stage: where the measurements
   * say little about one of them, its coefficient is drawn to their common one.
   */
  readonly alike?: string;
}

/** What every kernel of a block costs, whatever its size. */
export const once: Term<unknown> = { name: '1', value: () => 1 };

/** Terms that the same kernels have. */
export interface TermBlock<Quantities> {
  readonly kinds: readonly KernelKind[];
  /** Which kernels of these kinds; default: all. */
  readonly applies?: (quantities: Quantities) => boolean;
  readonly terms: readonly Term<Quantities>[];
}

/** The terms of a set, compiled for speed. */
export interface TermTable {
  /** `block: formula`, by index of the term. */
  readonly names: readonly string[];
  /** Sets of terms with the same `alike`, as indices. */
  readonly alike: readonly (readonly number[])[];
  /** Writes a kernel's terms into `out`, which holds zeros and is as long as `names`. */
  fill(kernel: KernelDescription, out: Float64Array): void;
  /** Adds a kernel's terms times their coefficients to `sum`, one after the other. */
  addTo(sum: number, kernel: KernelDescription, coefficients: Float64Array): number;
}

interface CompiledBlock<Quantities> {
  readonly start: number;
  readonly applies: (quantities: Quantities) => boolean;
  readonly values: readonly ((quantities: Quantities) => number)[];
}

/**
 * Compiles blocks of terms, in this order, to a table.
 * @param quantitiesOf reads a kernel's quantities; it may return the same object every time
 */
export function compileTerms<Quantities>(
  blocks: Readonly<Record<string, TermBlock<Quantities>>>,
  quantitiesOf: (kernel: KernelDescription) => Quantities,
): TermTable {
  const names: string[] = [];
  const alike = new Map<string, number[]>();
  const byKind = KERNEL_KINDS.map((): CompiledBlock<Quantities>[] => []);
  for (const [block, { kinds, applies = () => true, terms }] of Object.entries(blocks)) {
    const compiled = { start: names.length, applies, values: terms.map(({ value }) => value) };
    for (const kind of kinds) byKind[KERNEL_KINDS.indexOf(kind)]!.push(compiled);
    for (const term of terms) {
      if (term.alike !== undefined)
        alike.set(term.alike, [...(alike.get(term.alike) ?? []), names.length]);
      names.push(`${block}: ${term.name}`);
    }
  }
  return {
    names,
    alike: [...alike.values()],
    fill(kernel, out) {
      const quantities = quantitiesOf(kernel);
      for (const { start, applies, values } of byKind[kernel.kind]!) {
        if (!applies(quantities)) continue;
        for (let term = 0; term < values.length; term++)
          out[start + term] = values[term]!(quantities);
      }
    },
    addTo(sum, kernel, coefficients) {
      const quantities = quantitiesOf(kernel);
      let total = sum;
      for (const { start, applies, values } of byKind[kernel.kind]!) {
        if (!applies(quantities)) continue;
        for (let term = 0; term < values.length; term++)
          total += coefficients[start + term]! * values[term]!(quantities);
      }
      return total;
    },
  };
}
