import { type KernelDescription, macsOf, scoresOf } from './kernel-description.ts';
import { KERNEL_KINDS, type KernelKind, KIND } from './kernel-kind.ts';
import { bytesMoved, type DevicePhysics } from './physics.ts';
import type { Throughput } from './weights.ts';

/**
 * Arithmetic operations per element of the larger of input and output, for kinds that compute without a matrix product.
 * Assumptions: operations counted in the formulas, a division or an exponential as about ten. No device was measured
 * for them, and what is estimated with them is marked so.
 */
const OPERATIONS_PER_ELEMENT: Partial<Record<KernelKind, number>> = {
  softmax: 20,
  normalization: 8,
  transcendental: 15,
  hswish: 4,
  reduce: 1,
  gap: 1,
  maxpool: 4,
  avgpool: 4,
  bn: 2,
  add: 1,
  relu: 1,
  resize: 8,
  copy: 1,
  sort: 40,
  other: 2,
};

const operations = Float64Array.from(KERNEL_KINDS, (kind) => OPERATIONS_PER_ELEMENT[kind] ?? 0);

/** Arithmetic operations per element of a kind, 0 for kinds that multiply or only move data. */
export function operationsPerElement(kind: number): number {
  return operations[kind]!;
}

/**
 * Estimate for a kernel whose type was never measured on the device, ms: launch, plus the larger of memory time and
 * arithmetic time at the rates that the device reaches on measured kernels. Attention is the sum of what it consists of,
 * since no runtime that was measured joins its products and its softmax.
 */
export function rooflineEstimate(
  kernel: KernelDescription,
  physics: DevicePhysics,
  throughput: Throughput,
): number {
  if (kernel.kind !== KIND.attention) return estimateOne(kernel, physics, throughput);
  return partsOfAttention(kernel).reduce(
    (sum, part) => sum + estimateOne(part, physics, throughput),
    0,
  );
}

/** Product, scaling, softmax, product: scores are written and read between them. */
function partsOfAttention(kernel: KernelDescription): readonly KernelDescription[] {
  const { channels, outChannels, inner, height, width } = kernel;
  const scores = scoresOf(kernel);
  const [keys, values] = [height * inner * channels, height * inner * outChannels];
  const onScores = { ...kernel, inputElements: scores, outputElements: scores };
  return [
    {
      ...onScores,
      kind: KIND.matmul,
      inner: channels,
      inputElements: height * width * channels + keys,
    },
    { ...onScores, kind: KIND.add },
    { ...onScores, kind: KIND.softmax },
    {
      ...kernel,
      kind: KIND.matmul,
      inputElements: scores + values,
      outputElements: height * width * outChannels,
    },
  ];
}

function estimateOne(
  kernel: KernelDescription,
  physics: DevicePhysics,
  throughput: Throughput,
): number {
  const memory = bytesMoved(kernel, physics.bytesPerElement) / throughput.bytesPerMs;
  const elements = Math.max(kernel.inputElements, kernel.outputElements);
  const arithmetic =
    macsOf(kernel) / throughput.macsPerMs +
    (elements * operations[kernel.kind]!) / throughput.vectorPerMs;
  return Math.max(physics.launchMs, throughput.launchMs) + Math.max(memory, arithmetic);
}
