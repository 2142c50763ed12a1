import { isJsonObject } from '@nnmeter/ir';
import { type KernelConfiguration, kindName, SIZES } from './adaptation-features.ts';
import type { KernelDescription } from './kernel-description.ts';

/** How the kernels of one kind differ from what a known device needs, as natural logarithms of factors. */
export interface KindAdaptation {
  /** Whether measurements say enough of the kind to call its times measured, even where the known device only estimates. */
  readonly measured: boolean;
  /** Of the kind as a whole. */
  readonly constant: number;
  /** Of what the known device only estimates, in addition. */
  readonly estimated: number;
  /** By size, in the order in which `products` pairs them. */
  readonly sizes: readonly SizeAdaptation[];
  /** Per product of two sizes: of the first by itself, the second by the first and by itself, the third by ... */
  readonly products: readonly number[];
  /** What all that came to for the kernels that were learned from: others are not told more, whatever their sizes. */
  readonly least: number;
  readonly greatest: number;
}

/** A size counts from its mean, and only within the range that was measured. */
export interface SizeAdaptation {
  readonly name: string;
  readonly least: number;
  readonly mean: number;
  readonly greatest: number;
  /** Per unit of the size. */
  readonly slope: number;
  /** Of what the known device only estimates, in addition. */
  readonly estimatedSlope: number;
}

/** What turns the latencies of a known device into those of another one, or of another family of networks; plain data. */
export interface Adaptation {
  /** Factor of all times. */
  readonly scale: number;
  /** Factor of the start-up, beside the common one. */
  readonly startup: number;
  /** By kind. */
  readonly kinds: Readonly<Record<string, KindAdaptation>>;
}

/** A kernel gets slower or faster by at most this, beside the common factor: what a misfit of many terms may add up to. */
const MAX_FACTOR = 50;
const MAX_EXPONENT = Math.log(MAX_FACTOR);

/** An exponent within what kernels may get slower or faster. */
export function boundedExponent(exponent: number): number {
  return Math.max(-MAX_EXPONENT, Math.min(MAX_EXPONENT, exponent));
}

/** Where the sizes of a kind were measured, and which of them vary. */
export interface SizeRanges {
  /** Indices into {@link SIZES}. */
  readonly sizes: readonly number[];
  /** By place in `sizes`. */
  readonly least: readonly number[];
  readonly mean: readonly number[];
  readonly greatest: readonly number[];
}

/** A kernel's sizes, from their mean and within what was measured. */
export function centredSizes(
  { sizes, least, mean, greatest }: SizeRanges,
  configuration: KernelConfiguration,
): number[] {
  return sizes.map((size, place) => {
    const value = SIZES[size]!.value(configuration as KernelDescription);
    if (Number.isNaN(value)) return 0;
    return Math.max(least[place]!, Math.min(greatest[place]!, value)) - mean[place]!;
  });
}

const SIZE_INDEX: ReadonlyMap<string, number> = new Map(SIZES.map(({ name }, at) => [name, at]));

interface CompiledKind extends KindAdaptation {
  readonly ranges: SizeRanges;
}

/** An {@link Adaptation}, ready to be applied. */
export class Adapter {
  readonly #adaptation: Adaptation;
  readonly #kinds: ReadonlyMap<string, CompiledKind>;

  /** @param adaptation checked, if it comes from a file, by {@link isAdaptation} */
  constructor(adaptation: Adaptation) {
    this.#adaptation = adaptation;
    this.#kinds = new Map(
      Object.entries(adaptation.kinds).map(([kind, data]) => [
        kind,
        {
          ...data,
          ranges: {
            sizes: data.sizes.map(({ name }) => SIZE_INDEX.get(name)!),
            least: data.sizes.map(({ least }) => least),
            mean: data.sizes.map(({ mean }) => mean),
            greatest: data.sizes.map(({ greatest }) => greatest),
          },
        },
      ]),
    );
  }

  /** Whether kernels of this kind were measured. */
  isMeasured(configuration: KernelConfiguration): boolean {
    return this.#kinds.get(kindName(configuration))?.measured === true;
  }

  /** The start-up cost of a model, ms. */
  startupMs(knownMs: number): number {
    return this.#adaptation.scale * this.#adaptation.startup * knownMs;
  }

  /**
   * Latency of a kernel, ms; positive if `knownMs` is.
   * @param knownMs of the known device
   * @param estimatedShare how much of that is no more than an estimate, 0 to 1
   */
  kernelMs(configuration: KernelConfiguration, knownMs: number, estimatedShare: number): number {
    const { scale } = this.#adaptation;
    const kind = this.#kinds.get(kindName(configuration));
    const exponent = kind === undefined ? 0 : exponentOf(kind, configuration, estimatedShare);
    return scale * knownMs * Math.exp(exponent);
  }
}

function exponentOf(
  kind: CompiledKind,
  configuration: KernelConfiguration,
  estimatedShare: number,
): number {
  let exponent = kind.constant + estimatedShare * kind.estimated;
  const sizes = centredSizes(kind.ranges, configuration);
  let pair = 0;
  for (let a = 0; a < sizes.length; a++) {
    const { slope, estimatedSlope } = kind.sizes[a]!;
    exponent += (slope + estimatedShare * estimatedSlope) * sizes[a]!;
    for (let b = 0; b <= a; b++) exponent += kind.products[pair++]! * sizes[a]! * sizes[b]!;
  }
  return Math.max(kind.least, Math.min(kind.greatest, exponent));
}

const MAX_SCALE = 1e15;

/** Whether what comes from a file is an adaptation: every field, and that nothing can overflow. */
export function isAdaptation(value: unknown): value is Adaptation {
  if (!isJsonObject(value)) return false;
  const { scale, startup, kinds } = value;
  return (
    isBetween(scale, 1 / MAX_SCALE, MAX_SCALE) &&
    isBetween(startup, 1 / MAX_FACTOR, MAX_FACTOR) &&
    isJsonObject(kinds) &&
    Object.values(kinds).every(isKindAdaptation)
  );
}

function isKindAdaptation(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { measured, constant, estimated, sizes, products, least, greatest } = value;
  return (
    typeof measured === 'boolean' &&
    isExponent(constant) &&
    isExponent(estimated) &&
    Array.isArray(sizes) &&
    sizes.every(isSizeAdaptation) &&
    Array.isArray(products) &&
    products.length === (sizes.length * (sizes.length + 1)) / 2 &&
    products.every(isExponent) &&
    isBetween(least, -MAX_EXPONENT, MAX_EXPONENT) &&
    isBetween(greatest, least, MAX_EXPONENT)
  );
}

function isSizeAdaptation(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { name, least, mean, greatest, slope, estimatedSlope } = value;
  return (
    typeof name === 'string' &&
    SIZE_INDEX.has(name) &&
    [least, mean, greatest, slope, estimatedSlope].every(isExponent)
  );
}

/** No coefficient of ours comes near it. */
const MAX_COEFFICIENT = 1000;

function isExponent(value: unknown): boolean {
  return isBetween(value, -MAX_COEFFICIENT, MAX_COEFFICIENT);
}

function isBetween(value: unknown, least: number, greatest: number): value is number {
  return typeof value === 'number' && value >= least && value <= greatest;
}
