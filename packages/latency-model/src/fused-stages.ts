import { ACTIVATION, type KernelDescription } from './kernel-description.ts';
import { isKindItself, type KernelKind, KIND, kindOfStage } from './kernel-kind.ts';
import { operationsPerElement } from './roofline.ts';
import type { TermSetName } from './term-sets.ts';

/** Kinds whose cost as a fused stage the terms know: training had them in kernels of such devices. */
const FUSED_KINDS: Readonly<Record<TermSetName, readonly KernelKind[]>> = {
  cpu: ['relu'],
  gpu: ['relu', 'add'],
  vpu: ['relu', 'hswish'],
};

/** Bits of the kinds that some device was measured with, as in `KernelDescription.fusedKinds`. */
const KNOWN_SOMEWHERE = bitsOf(Object.values(FUSED_KINDS).flat());

const knownBits: Readonly<Record<TermSetName, number>> = {
  cpu: bitsOf(FUSED_KINDS.cpu),
  gpu: bitsOf(FUSED_KINDS.gpu),
  vpu: bitsOf(FUSED_KINDS.vpu),
};

function bitsOf(kinds: readonly KernelKind[]): number {
  return kinds.reduce((bits, kind) => bits | (1 << KIND[kind]), 0);
}

/** What fusing a stage means for a description. */
export interface FusedStage {
  /** The bit of its kind if some device was measured with it, else 0. */
  readonly bit: number;
  /** Arithmetic operations per element if no device was, else 0. */
  readonly operations: number;
}

const stages = new Map<string, FusedStage>();

/** A batch normalization folds into the weights before it, a reshape moves nothing: they cost nothing. */
export function fusedStage(stage: string): FusedStage {
  let found = stages.get(stage);
  if (found === undefined) {
    const kind = kindOfStage(stage);
    const bit = isKindItself(stage) ? (1 << kind) & KNOWN_SOMEWHERE : 0;
    const isFree = bit !== 0 || kind === KIND.bn || kind === KIND.reshape;
    found = { bit, operations: isFree ? 0 : Math.max(1, operationsPerElement(kind)) };
    stages.set(stage, found);
  }
  return found;
}

/** The stages of a kernel that training never measured as fused ones. */
export function unmeasuredStages(ops: readonly string[], terms: TermSetName): string[] {
  return ops.slice(1).filter((stage) => {
    const { bit, operations } = fusedStage(stage);
    return operations > 0 || (bit & ~knownBits[terms]) !== 0;
  });
}

/**
 * Arithmetic operations of the fused stages that training never measured; they come without launch, since the kernel is
 * running already, and without traffic but for operands of their own.
 */
export function unmeasuredOperations(kernel: KernelDescription, terms: TermSetName): number {
  let operations = kernel.unmeasuredOperations;
  for (let bits = kernel.fusedKinds & ~knownBits[terms]; bits !== 0; bits &= bits - 1)
    operations += operationsPerElement(31 - Math.clz32(bits & -bits)) * kernel.outputElements;
  return operations;
}

/** The kernel without the fused stages that training never measured. */
export function measuredPart(
  kernel: KernelDescription,
  terms: TermSetName,
): KernelDescription {
  const known = kernel.fusedKinds & knownBits[terms];
  const hasAdd = (known & bitsOf(['add'])) !== 0;
  return {
    ...kernel,
    fusedKinds: known,
    unmeasuredOperations: 0,
    activation: measuredActivation(kernel, known),
    addFollows: hasAdd || kernel.kind === KIND.add ? kernel.addFollows : 0,
    inputs: hasAdd ? kernel.inputs : kernel.inputs - kernel.fusedInputs,
  };
}

function measuredActivation({ activation, fusedKinds }: KernelDescription, known: number): number {
  const isFused = (fusedKinds & bitsOf(['hswish'])) !== 0 && activation === ACTIVATION.hswish;
  if (!isFused || (known & bitsOf(['hswish'])) !== 0) return activation;
  return (known & bitsOf(['relu'])) === 0 ? ACTIVATION.none : ACTIVATION.relu;
}
