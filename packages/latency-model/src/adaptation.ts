import { isJsonObject } from '@nnmeter/ir';
import { type KernelConfiguration, kindName, SIZES } from './adaptation-features.ts';
import { type KernelDescription, macsOf, windowOf } from './kernel-description.ts';
import { exp } from './powers.ts';
import { isWeightReload, type WeightReload } from './weight-reloads.ts';
import type { IntervalWidths, LatencyModelWeights, WidthAt } from './weights.ts';

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
  /** Per product of two sizes: of the first by itself, the second by the first and by itself, the third by ...; or none. */
  readonly products: readonly number[];
  /** What all that came to for the kernels that were learned from: others are not told more, whatever their sizes. */
  readonly least: number;
  readonly greatest: number;
  /** What takes the place of the known device's latency, if that has no such code. */
  readonly loops?: Loops;
}

/** A convolution as plain loops, one multiply-accumulate after the other, as a runtime's reference code has it. */
export interface Loops {
  /** ms per multiply-accumulate. */
  readonly macMs: number;
  /** ms per output element and pixel of the window. */
  readonly windowMs: number;
}

/** Latency of a convolution in loops, ms. */
export function loopsMs({ macMs, windowMs }: Loops, kernel: KernelDescription): number {
  const window = windowOf(kernel);
  const pixels = kernel.batch * kernel.outDepth * kernel.outHeight * kernel.outWidth;
  return macMs * macsOf(kernel) + windowMs * pixels * kernel.outChannels * window;
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
  /** Factors of the known device's coefficients, by index of the term, beside the common one; default: 1 each. */
  readonly terms?: readonly number[];
  /** Factor of the start-up, beside the common one. */
  readonly startup: number;
  /** By kind. */
  readonly kinds: Readonly<Record<string, KindAdaptation>>;
  /** In addition to kernels, whatever the common factor; default: none. */
  readonly reloads?: readonly WeightReload[];
  /** Of totals, in place of the known device's. */
  readonly interval?: IntervalWidths;
}

/** The weights of a known device with the coefficients that an adaptation gives them, but for the common factor. */
export function adaptWeights(
  weights: LatencyModelWeights,
  { terms, interval }: Adaptation,
): LatencyModelWeights {
  const coefficients =
    terms === undefined
      ? weights.coefficients
      : weights.coefficients.map((value, term) => value * (terms[term] ?? 1));
  return { ...weights, coefficients, interval: interval ?? weights.interval };
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

  /** What the known device takes to read weights again, on this one, ms. */
  reloadMs(knownMs: number): number {
    return this.#adaptation.scale * knownMs;
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
    const loops = kind?.loops;
    const ms =
      loops === undefined ? knownMs : loopsMs(loops, configuration as KernelDescription) / scale;
    return scale * ms * exp(exponent);
  }
}

function exponentOf(
  kind: CompiledKind,
  configuration: KernelConfiguration,
  estimatedShare: number,
): number {
  let exponent = kind.constant + estimatedShare * kind.estimated;
  const sizes = centredSizes(kind.ranges, configuration);
  const hasProducts = kind.products.length > 0;
  let pair = 0;
  for (let a = 0; a < sizes.length; a++) {
    const { slope, estimatedSlope } = kind.sizes[a]!;
    exponent += (slope + estimatedShare * estimatedSlope) * sizes[a]!;
    for (let b = 0; hasProducts && b <= a; b++)
      exponent += kind.products[pair++]! * sizes[a]! * sizes[b]!;
  }
  return Math.max(kind.least, Math.min(kind.greatest, exponent));
}

const MAX_SCALE = 1e15;
const MAX_WIDTH = 1e3;

/** Whether what comes from a file is an adaptation: every field, and that nothing can overflow. */
export function isAdaptation(value: unknown): value is Adaptation {
  if (!isJsonObject(value)) return false;
  const { scale, terms = [], startup, kinds, reloads = [], interval } = value;
  return (
    (interval === undefined || isInterval(interval)) &&
    isBetween(scale, 1 / MAX_SCALE, MAX_SCALE) &&
    Array.isArray(terms) &&
    terms.every((factor) => isBetween(factor, 1 / MAX_SCALE, MAX_SCALE)) &&
    isBetween(startup, 1 / MAX_SCALE, MAX_SCALE) &&
    isJsonObject(kinds) &&
    Object.values(kinds).every(isKindAdaptation) &&
    Array.isArray(reloads) &&
    reloads.every(isWeightReload)
  );
}

function isKindAdaptation(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { measured, constant, estimated, sizes, products, least, greatest, loops } = value;
  return (
    (loops === undefined || isLoops(loops)) &&
    typeof measured === 'boolean' &&
    isExponent(constant) &&
    isExponent(estimated) &&
    Array.isArray(sizes) &&
    sizes.every(isSizeAdaptation) &&
    Array.isArray(products) &&
    [0, (sizes.length * (sizes.length + 1)) / 2].includes(products.length) &&
    products.every(isExponent) &&
    isBetween(least, -MAX_EXPONENT, MAX_EXPONENT) &&
    isBetween(greatest, least, MAX_EXPONENT)
  );
}

function isInterval(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { level, known, novel, estimated } = value;
  return (
    isBetween(level, 0, 1) &&
    Array.isArray(known) &&
    known.length > 0 &&
    known.every(isKnownWidth) &&
    known.every(({ perKernelMs }, at) => at === 0 || perKernelMs > known[at - 1]!.perKernelMs) &&
    [novel, estimated].every((width) => isBetween(width, 0, MAX_WIDTH))
  );
}

function isKnownWidth(value: unknown): value is WidthAt {
  return (
    isJsonObject(value) &&
    isBetween(value.perKernelMs, 1 / MAX_SCALE, MAX_SCALE) &&
    isBetween(value.width, 1 / MAX_WIDTH, MAX_WIDTH)
  );
}

function isLoops(value: unknown): boolean {
  return isJsonObject(value) && [value.macMs, value.windowMs].every((ms) => isBetween(ms, 0, 1));
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
