import { crc32 } from '@nnmeter/forest';
import { type FeatureTable, kernelFeatures } from './features.ts';
import { gpuFeatures } from './features-gpu.ts';
import { vpuFeatures } from './features-vpu.ts';
import { KERNEL_KINDS } from './kernel-kind.ts';
import type { TermTable } from './terms.ts';
import { cpuTerms } from './terms-cpu.ts';
import { cudaTerms } from './terms-cuda.ts';
import { gpuTerms } from './terms-gpu.ts';
import { vpuTerms } from './terms-vpu.ts';

/** The units in which a kind of device counts work and traffic, and what its tree correction looks at. */
export interface TermSet {
  /** Of which kind the device is. */
  readonly kind: 'cpu' | 'gpu' | 'vpu';
  readonly terms: TermTable;
  readonly features: FeatureTable;
  /** Whether its terms are all that a kernel costs, without a floor beneath them; default: no. */
  readonly isWhole?: boolean;
  /** Whether its devices are measured over large batches; default: over batches of one. */
  readonly isOfBatches?: boolean;
}

/** Names of the sets of terms; the order is part of the weights format. */
export const TERM_SET_NAMES = ['cpu', 'gpu', 'vpu', 'cuda'] as const;
export type TermSetName = (typeof TERM_SET_NAMES)[number];

export const termSets: Readonly<Record<TermSetName, TermSet>> = {
  cpu: { kind: 'cpu', terms: cpuTerms, features: kernelFeatures },
  gpu: { kind: 'gpu', terms: gpuTerms, features: gpuFeatures },
  vpu: { kind: 'vpu', terms: vpuTerms, features: vpuFeatures },
  cuda: {
    kind: 'gpu',
    terms: cudaTerms,
    features: kernelFeatures,
    isWhole: true,
    isOfBatches: true,
  },
};

/** What weights depend on: the names, in order, of kinds of kernels, terms and features. */
export interface FormulaNames {
  readonly kinds: readonly string[];
  readonly terms: readonly string[];
  readonly features: readonly string[];
}

/** The formulas of this release, by set of terms. */
export function formulaNames(set: TermSetName): FormulaNames {
  const { terms, features } = termSets[set];
  return { kinds: KERNEL_KINDS, terms: terms.names, features: features.names };
}

/** 32 bits that change with any name or its place. */
export function formulaHash({ kinds, terms, features }: FormulaNames): number {
  return crc32(Uint8Array.from(JSON.stringify([kinds, terms, features]), (c) => c.charCodeAt(0)));
}
