import { ACTIVATION, type KernelDescription } from './kernel-description.ts';
import { isKindItself, type KernelKind, KIND, kindOfStage } from './kernel-kind.ts';
import { operationsPerElement } from './roofline.ts';
import type { TermSetName } from './term-sets.ts';
import type { LatencyModelWeights } from './weights.ts';

/** Kinds whose cost as a fused stage the terms know, whether or not a training had such kernels. */
const FUSED_KINDS: Readonly<Record<TermSetName, readonly KernelKind[]>> = {
  cpu: ['relu'],
  gpu: ['relu', 'add'],
  vpu: ['relu', 'hswish'],
  cuda: [],
};

/** The kinds that `KernelDescription.fusedKinds` tells. */
const TOLD = bitsOf(Object.values(FUSED_KINDS).flat());

function bitsOf(kinds: readonly KernelKind[]): number {
  return kinds.reduce((bits, kind) => bits | (1 << KIND[kind]), 0);
}

/** Bits of the kinds whose cost as a fused stage is known: by the terms, or by training data that had such kernels. */
export function knownFusedKinds({
  terms,
  measuredFused,
}: Pick<LatencyModelWeights, 'terms' | 'measuredFused'>): number {
  let bits = bitsOf(FUSED_KINDS[terms]);
  for (const [kind, isMeasured] of measuredFused.entries()) bits |= isMeasured << kind;
  return bits & TOLD;
}

/** What fusing a stage means for a description. */
export interface FusedStage {
  /** Its bit in `KernelDescription.fusedKinds`, else 0. */
  readonly bit: number;
  /** Arithmetic operations per element of one that has no bit and costs something, else 0. */
  readonly operations: number;
}

const stages = new Map<string, FusedStage>();

/** A batch normalization folds into the weights before it, a reshape moves nothing: they cost nothing. */
export function fusedStage(stage: string): FusedStage {
  let found = stages.get(stage);
  if (found === undefined) {
    const kind = kindOfStage(stage);
    const bit = isKindItself(stage) ? (1 << kind) & TOLD : 0;
    const isFree = bit !== 0 || kind === KIND.bn || kind === KIND.reshape;
    found = { bit, operations: isFree ? 0 : Math.max(1, operationsPerElement(kind)) };
    stages.set(stage, found);
  }
  return found;
}

/** The stages of a kernel that training never measured as fused ones. */
export function unmeasuredStages(stages: readonly string[], known: number): string[] {
  return stages.slice(1).filter((stage) => {
    const { bit, operations } = fusedStage(stage);
    return operations > 0 || (bit & ~known) !== 0;
  });
}

/**
 * Arithmetic operations of the fused stages that training never measured; they come without launch, since the kernel is
 * running already, and without traffic but for operands of their own.
 */
export function unmeasuredOperations(kernel: KernelDescription, known: number): number {
  let operations = kernel.unmeasuredOperations;
  for (let bits = kernel.fusedKinds & ~known; bits !== 0; bits &= bits - 1)
    operations += operationsPerElement(31 - Math.clz32(bits & -bits)) * kernel.outputElements;
  return operations;
}

/** The kernel without the fused stages that training never measured. */
export function measuredPart(kernel: KernelDescription, known: number): KernelDescription {
  const fusedKinds = kernel.fusedKinds & known;
  const isAdded = (fusedKinds & bitsOf(['add'])) !== 0;
  return {
    ...kernel,
    fusedKinds,
    unmeasuredOperations: 0,
    activation: measuredActivation(kernel, fusedKinds),
    inputs: isAdded ? kernel.inputs : kernel.inputs - kernel.fusedInputs,
  };
}

function measuredActivation(kernel: KernelDescription, known: number): number {
  const { activation } = kernel;
  const isFused =
    (kernel.fusedKinds & bitsOf(['hswish'])) !== 0 && activation === ACTIVATION.hswish;
  if (!isFused || (known & bitsOf(['hswish'])) !== 0) return activation;
  return (known & bitsOf(['relu'])) === 0 ? ACTIVATION.none : ACTIVATION.relu;
}
