import {
  knownFusedKinds,
  measuredPart,
  unmeasuredOperations,
  unmeasuredStages,
} from './fused-stages.ts';
import { type KernelDescription, strideOf } from './kernel-description.ts';
import { KIND } from './kernel-kind.ts';
import { kernelFloor } from './physics.ts';
import { binaryLogarithm, exp } from './powers.ts';
import { rooflineEstimate } from './roofline.ts';
import { type TermSet, termSets } from './term-sets.ts';
import { type LatencyModelWeights, LIMITS_PER_KIND } from './weights.ts';

/** The tree correction multiplies a kernel's base latency by at most this, and divides it by at most this. */
const MAX_TREE_FACTOR = 2.5;

/** Four steps per octave, 0..63. */
function channelStep(channels: number): number {
  return Math.min(63, Math.floor(4 * binaryLogarithm(Math.max(1, channels))));
}

/**
 * A configuration in coarse terms, as 32 bits: kind, window, stride, output side, channels read and written in steps of
 * a quarter of an octave. Kernels of one cell behave alike.
 */
export function configurationCell(kernel: KernelDescription): number {
  const k = kernel;
  const window = Math.min(31, Math.max(k.kernelHeight, k.kernelWidth));
  const stride = Math.min(3, strideOf(k));
  const side = k.kind === KIND.fc ? 0 : Math.min(255, Math.max(k.outHeight, k.outWidth));
  const configuration = ((k.kind * 32 + window) * 4 + stride) * 256 + side;
  return (configuration * 64 + channelStep(k.channels)) * 64 + channelStep(k.outChannels);
}

/**
 * All but the channels of a configuration, and what is fused and joined, as a hash of 32 bits; image sides in steps of half
 * an octave. Kernels of one structure go through the same code of a device.
 */
export function structureCell(kernel: KernelDescription): number {
  const k = kernel;
  const fields = [
    ...[k.kind, Math.max(k.kernelHeight, k.kernelWidth), strideOf(k)],
    Math.round(2 * binaryLogarithm(Math.max(1, k.outHeight, k.outWidth))),
    ...[k.activation, k.fusedKinds, k.readByPoolingOnly, k.inputs, k.outputs],
  ];
  return fields.reduce((hash, field) => Math.imul(hash ^ field, 0x01000193), 0x811c9dc5) >>> 0;
}

function includes(ascending: Uint32Array, value: number): boolean {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return ascending[low] === value;
}

/** Whether a kernel is costed by a kind that it only resembles: another op, or a variant that was never measured. */
function isRelative(kernel: KernelDescription): boolean {
  return kernel.borrowsKind === 1 || kernel.unmeasuredVariant === 1;
}

/** A kernel's latency before trees: the physical floor, or all of it where there is nothing to correct, and the rest; ms. */
export interface LatencySplit {
  readonly fixedMs: number;
  readonly correctedMs: number;
}

/** Latency of described kernels on one device. */
export class KernelModel {
  readonly weights: LatencyModelWeights;
  readonly #set: TermSet;
  readonly #features: Float32Array;
  readonly #sides: ReadonlySet<number>;
  readonly #knownFused: number;

  constructor(weights: LatencyModelWeights) {
    this.weights = weights;
    this.#set = termSets[weights.terms];
    this.#features = new Float32Array(this.#set.features.names.length);
    this.#sides = new Set(weights.sides);
    this.#knownFused = knownFusedKinds(weights);
  }

  /** Whether kernels of this type were measured on the device, with all that is fused. */
  isMeasured(kernel: KernelDescription): boolean {
    return this.estimatedMs(kernel) === 0;
  }

  /** The part of {@link latency} that is no more than an estimate, ms. */
  estimatedMs(kernel: KernelDescription): number {
    return this.#isFirstStageMeasured(kernel) ? this.#unmeasuredMs(kernel) : this.latency(kernel);
  }

  /** The same as a share of {@link latency}, 0 to 1. */
  estimatedShare(kernel: KernelDescription): number {
    const estimatedMs = this.estimatedMs(kernel);
    return estimatedMs === 0 ? 0 : estimatedMs / this.latency(kernel);
  }

  /** The fused stages of a kernel, given by all its stages, that the device was never measured with. */
  unmeasuredStages(stages: readonly string[]): string[] {
    return unmeasuredStages(stages, this.#knownFused);
  }

  /** A reshape moves no data and needs no measurement. */
  #isFirstStageMeasured(kernel: KernelDescription): boolean {
    return (
      kernel.kind === KIND.reshape ||
      (!isRelative(kernel) && this.weights.measured[kernel.kind] === 1)
    );
  }

  /** Estimate for the fused stages that were never measured, ms. */
  #unmeasuredMs(kernel: KernelDescription): number {
    return unmeasuredOperations(kernel, this.#knownFused) / this.weights.throughput.vectorPerMs;
  }

  /** How new a kernel is to the device: 1 if training saw none of its structure, 1/2 if only other channels, else 0. */
  novelty(kernel: KernelDescription): number {
    if (!includes(this.weights.structures, structureCell(kernel))) return 1;
    return includes(this.weights.cells, configurationCell(kernel)) ? 0 : 0.5;
  }

  /** ms, positive and finite. */
  latency(kernel: KernelDescription): number {
    const unmeasuredMs = this.#unmeasuredMs(kernel);
    if (unmeasuredMs === 0) return this.#measuredLatency(kernel);
    return this.#measuredLatency(measuredPart(kernel, this.#knownFused)) + unmeasuredMs;
  }

  #measuredLatency(kernel: KernelDescription): number {
    const { fixedMs, correctedMs } = this.#measuredParts(kernel);
    const { forest } = this.weights;
    if (forest === null || correctedMs === 0) return fixedMs + correctedMs;
    this.#set.features.fill(kernel, this.#features);
    const limit = Math.log(MAX_TREE_FACTOR);
    const correction = forest.predict(this.#features);
    return fixedMs + correctedMs * exp(Math.max(-limit, Math.min(limit, correction)));
  }

  /** Latency before the tree correction of a kernel that runs by itself: physical floor plus fitted terms, ms. */
  baseLatency(kernel: KernelDescription): number {
    return this.#set.terms.addTo(this.#floorMs(kernel), kernel, this.weights.coefficients);
  }

  #floorMs(kernel: KernelDescription): number {
    return this.#set.isWhole ? 0 : kernelFloor(kernel, this.weights.physics);
  }

  /** {@link latency} without trees, as what no tree changes, and what trees correct, ms. */
  parts(kernel: KernelDescription): LatencySplit {
    const unmeasuredMs = this.#unmeasuredMs(kernel);
    if (unmeasuredMs === 0) return this.#measuredParts(kernel);
    const { fixedMs, correctedMs } = this.#measuredParts(measuredPart(kernel, this.#knownFused));
    return { fixedMs: fixedMs + unmeasuredMs, correctedMs };
  }

  #measuredParts(kernel: KernelDescription): LatencySplit {
    const { physics, coefficients, measured, throughput } = this.weights;
    const fixed = (fixedMs: number): LatencySplit => ({ fixedMs, correctedMs: 0 });
    if (kernel.kind === KIND.reshape || kernel.outputElements === 0) return fixed(physics.launchMs);
    // A fully connected layer over many rows is a matrix product, which the vectors of the benchmark say nothing about.
    const isMatrixProduct = kernel.kind === KIND.fc && kernel.unmeasuredVariant === 1;
    if (isMatrixProduct && !this.#set.isWhole)
      return fixed(rooflineEstimate(kernel, physics, throughput));
    const hiddenMs = kernel.beside === undefined ? 0 : this.baseLatency(kernel.beside);
    const floorMs = this.#floorMs(kernel);
    const baseMs = Math.max(0, this.#set.terms.addTo(floorMs, kernel, coefficients) - hiddenMs);
    if (measured[kernel.kind] !== 1)
      return fixed(Math.max(baseMs, rooflineEstimate(kernel, physics, throughput)));
    if (isRelative(kernel)) return fixed(baseMs);
    const fixedMs = Math.max(0, floorMs - hiddenMs);
    return { fixedMs, correctedMs: baseMs - fixedMs };
  }

  /** In words, what of this kernel lies outside the training data. */
  extrapolation(kernel: KernelDescription): string[] {
    const k = kernel;
    const { limits } = this.weights;
    const found: string[] = [];
    const at = k.kind * LIMITS_PER_KIND;
    if (k.batch > 1 && !this.#set.isOfBatches) found.push('batch');
    if (k.kind === KIND.fc || this.weights.measured[k.kind] !== 1) return found;
    if (k.height !== k.width || k.kernelHeight !== k.kernelWidth) found.push('non-square');
    if (!this.#sides.has(Math.max(k.height, k.width))) found.push('resolution');
    if (k.channels > limits[at]! || k.outChannels > limits[at + 1]!) found.push('channels');
    if (Math.max(k.kernelHeight, k.kernelWidth) > limits[at + 2]!) found.push('kernel size');
    if (k.kind === KIND.conv && k.groups > 1) found.push('groups');
    if (k.dilation > 1) found.push('dilation');
    return found;
  }
}
