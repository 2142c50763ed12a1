import { factorCholesky, solveLower, solveUpper } from '@nnmeter/forest';
import {
  type Adaptation,
  boundedExponent,
  centredSizes,
  type KernelDescription,
  KernelModel,
  type KindAdaptation,
  kindName,
  type LatencyModelWeights,
  type Loops,
  loopsMs,
  rangesOf,
  SIZES,
  type SizeRanges,
  type TermSetName,
  termSets,
} from '@nnmeter/latency-model';
import { entriesOf, meanLayers } from './known-models.ts';
import type { DeviceData } from './measured-models.ts';
import { upperMedian } from './upper-median.ts';

/** Standard deviations expected of the logarithms of factors between one device and another. */
export interface RefitSpreads {
  /** Of a term, beside the common factor. */
  readonly term: number;
  /** Of a kernel's latency per unit of a size; 0 for none. */
  readonly slope: number;
  /** Terms of which only the formula is known. */
  readonly unknown?: readonly string[];
}

/** Chosen among 0.3, 0.5 and 1 for terms of CPUs; what that is worth is in docs/accuracy.md. */
const SPREADS: RefitSpreads = { term: 0.5, slope: 0.05 };
/** Runtimes have other kernels for each GPU. */
const GPU_SPREADS: RefitSpreads = { ...SPREADS, term: 1 };
/**
 * What a data sheet says is near what is measured, but for how a bias is added. Chosen among 0.03 to 0.2 on all four GPUs and
 * their families: theirs is no blind test. Chosen on one half of the families it costs the other half 0.7 points.
 */
const DATASHEET_SPREADS: RefitSpreads = { term: 0.07, slope: 0, unknown: ['bias: O'] };
const SPREADS_OF: Readonly<Record<TermSetName, RefitSpreads>> = {
  cpu: SPREADS,
  gpu: GPU_SPREADS,
  vpu: SPREADS,
  cuda: DATASHEET_SPREADS,
};
/** Of what the known device knows nothing about: its start-up and what it only estimates. */
const UNKNOWN_SPREAD = 2;
/** Relative noise of totals, of layers as a profile of kernels has them, and of what layers leave of a total. */
const TOTAL_NOISE = 0.03;
const LAYER_NOISE = 0.4;
const REST_NOISE = 0.3;
/** What layers leave of a total says something about the start-up if it is at least this share. */
const LEAST_REST = 0.02;
/** Residuals beyond this multiple of the noise count linearly. */
const OUTLIER = 2;
const MAX_ROUNDS = 20;
const LEAST_STEP = 1 / 64;
/** Of twice the logarithm of the probability. */
const LEAST_GAIN = 0.1;
const LEAST_STARTUP_MS = 1e-3;

/*
 * Grouped convolutions of TensorFlow Lite's CPU kernels are plain loops. Versions up to 2.4 or so refused them: the input
 * had to have as many channels as the filter (Prepare in tensorflow/lite/kernels/conv.cc). Later ones take 0.7-0.95 ns per
 * multiply-accumulate on a Cortex-A76 at 2.84 GHz, in float32 as in int8, a sixteenth of the vector units' peak, and the
 * more the fewer channels a group has.
 */
const LOOP_SLOWNESS = 16;
/** A pixel of the window costs as much as so many multiply-accumulates besides. */
const LOOP_PIXEL = 2;
const GROUPED = 'grouped conv';

/**
 * Refits a known device's coefficients to another one: each is multiplied by a factor of its own, which stays near the
 * common one where the measurements say little; kernels of a kind get slower or faster with their sizes besides. That keeps
 * what physics knows, so that some eighty networks are enough; trees stay as they are. Gauss-Newton on the logarithms of
 * totals and of layers (`kernelMs`), with a normal prior on the logarithms of factors and Huber weights.
 * @param models to learn from, all measured
 */
export function refitTerms(
  data: DeviceData,
  known: LatencyModelWeights,
  models: readonly number[],
  spreads: RefitSpreads = SPREADS_OF[known.terms],
): Adaptation {
  return new Refit(data, known, models, spreads).adaptation();
}

/** Sums of kernels, and of the start-up if `startup` is 1, whose ms was measured. */
interface Observed {
  readonly startup: 0 | 1;
  readonly kernels: readonly number[];
  readonly uses: readonly number[];
  readonly ms: number;
  readonly noise: number;
}

interface KernelParts {
  /** ms on the known device that belong to no column, and by column. */
  readonly fixed: number;
  readonly columns: readonly number[];
  readonly values: readonly number[];
  /** Columns of the kind's slopes, and the kernel's sizes. */
  readonly slopes: number;
  readonly sizes: readonly number[];
}

interface KindColumns {
  /** Column of the first slope. */
  readonly slopes: number;
  readonly ranges: SizeRanges;
  /** Those that are learned from, as indices into the set. */
  readonly kernels: readonly number[];
}

class Refit {
  readonly #known: LatencyModelWeights;
  readonly #spreads: number[] = [];
  readonly #startup: number;
  readonly #startupMs: number;
  readonly #terms: readonly number[];
  readonly #loops: number | undefined;
  readonly #estimated = new Map<string, number>();
  readonly #kinds = new Map<string, KindColumns>();
  readonly #seen = new Map<string, number>();
  readonly #kernels: readonly KernelParts[];
  readonly #observed: readonly Observed[];
  /** Logarithm of the common factor. */
  readonly #scale: number;

  constructor(
    data: DeviceData,
    known: LatencyModelWeights,
    models: readonly number[],
    spreads: RefitSpreads,
  ) {
    this.#known = known;
    this.#startupMs = leastStartupMs(known);
    this.#startup = this.#add(UNKNOWN_SPREAD);
    this.#terms = termSets[known.terms].terms.names.map((name) =>
      this.#add(spreads.unknown?.includes(name) ? UNKNOWN_SPREAD : spreads.term),
    );
    this.#loops = known.terms === 'cpu' ? this.#add(UNKNOWN_SPREAD) : undefined;
    this.#addKinds(data, models, spreads.slope);
    this.#kernels = this.#partsOf(data.set.kernels);
    this.#observed = observations(data, models);
    const ratios = this.#observed
      .slice(0, models.length)
      .map((each) => each.ms / this.#predict(each, this.#times(this.#start(), 0), 0));
    this.#scale = Math.log(upperMedian(ratios));
  }

  #add(spread: number): number {
    return this.#spreads.push(spread) - 1;
  }

  #start(): Float64Array {
    return new Float64Array(this.#spreads.length);
  }

  #addKinds({ set }: DeviceData, models: readonly number[], spread: number): void {
    const byKind = new Map<string, Map<number, number>>();
    for (const model of models) {
      const start = set.modelStart[model]!;
      const ofModel = new Set<string>();
      for (let entry = start; entry < set.modelStart[model + 1]!; entry++) {
        const kernel = set.kernelIndex[entry]!;
        const kind = kindName(set.kernels[kernel]!);
        ofModel.add(kind);
        const own = byKind.get(kind) ?? new Map<number, number>();
        own.set(kernel, (own.get(kernel) ?? 0) + set.uses[entry]!);
        byKind.set(kind, own);
      }
      for (const kind of ofModel) this.#seen.set(kind, (this.#seen.get(kind) ?? 0) + 1);
    }
    for (const [kind, own] of byKind) {
      const ranges = rangesOf(
        spread === 0
          ? []
          : [...own].map(
              ([kernel, uses]) => [{ configuration: set.kernels[kernel]! }, uses] as const,
            ),
      );
      const slopes = this.#spreads.length;
      for (const _ of ranges.sizes) this.#add(spread);
      this.#kinds.set(kind, { slopes, ranges, kernels: [...own.keys()] });
    }
  }

  #partsOf(kernels: readonly KernelDescription[]): KernelParts[] {
    const { coefficients, terms: set } = this.#known;
    const model = new KernelModel(this.#known);
    const { terms, isWhole } = termSets[set];
    const values = new Float64Array(terms.names.length);
    return kernels.map((kernel): KernelParts => {
      const kind = kindName(kernel);
      const response = this.#kinds.get(kind);
      const shape = {
        slopes: response?.slopes ?? 0,
        sizes: response === undefined ? [] : centredSizes(response.ranges, kernel),
      };
      if (this.#loops !== undefined && kind === GROUPED) {
        const ms = loopsMs(this.#knownLoops(), kernel);
        return { fixed: 0, columns: [this.#loops], values: [ms], ...shape };
      }
      const ms = model.latency(kernel);
      values.fill(0);
      terms.fill(kernel, values);
      const own = [...values.keys()].filter((term) => values[term]! * coefficients[term]! > 0);
      const ownMs = own.map((term) => values[term]! * coefficients[term]!);
      const fittedMs = ownMs.reduce((sum, each) => sum + each, 0);
      const isTermsAlone = isWhole === true && fittedMs > 0;
      // Of a kernel that is measured but for a fused stage, what is estimated is little.
      if (!isTermsAlone && model.estimatedShare(kernel) > 0.5)
        return { fixed: 0, columns: [this.#estimate(kind)], values: [ms], ...shape };
      const fixed = isTermsAlone
        ? 0
        : own.length === 0
          ? ms
          : Math.min(ms, model.parts(kernel).fixedMs);
      return {
        fixed,
        columns: own.map((term) => this.#terms[term]!),
        values: ownMs.map((each) => (each * (ms - fixed)) / fittedMs),
        ...shape,
      };
    });
  }

  #estimate(kind: string): number {
    const column = this.#estimated.get(kind) ?? this.#add(UNKNOWN_SPREAD);
    this.#estimated.set(kind, column);
    return column;
  }

  #knownLoops(): Loops {
    const macMs = LOOP_SLOWNESS / this.#known.physics.macsPerMs;
    return { macMs, windowMs: LOOP_PIXEL * macMs };
  }

  /** By kernel, ms. */
  #times(x: Float64Array, scale: number): Float64Array {
    const factors = x.map((value) => Math.exp(scale + value));
    return Float64Array.from(this.#kernels, ({ fixed, columns, values, slopes, sizes }) => {
      let ms = fixed * Math.exp(scale);
      for (let at = 0; at < columns.length; at++) ms += values[at]! * factors[columns[at]!]!;
      let exponent = 0;
      for (let size = 0; size < sizes.length; size++) exponent += sizes[size]! * x[slopes + size]!;
      return ms * Math.exp(exponent);
    });
  }

  #predict({ startup, kernels, uses }: Observed, times: Float64Array, startupMs: number): number {
    let ms = startup * startupMs;
    for (let at = 0; at < kernels.length; at++) ms += uses[at]! * times[kernels[at]!]!;
    return ms;
  }

  #startupOf(x: Float64Array): number {
    return this.#startupMs * Math.exp(this.#scale + x[this.#startup]!);
  }

  #loss(x: Float64Array): number {
    const times = this.#times(x, this.#scale);
    const startupMs = this.#startupOf(x);
    let total = 0;
    for (let column = 0; column < x.length; column++)
      total += (x[column]! / this.#spreads[column]!) ** 2;
    for (const each of this.#observed) {
      const size = Math.abs(Math.log(each.ms / this.#predict(each, times, startupMs))) / each.noise;
      total += size <= OUTLIER ? size ** 2 : OUTLIER * (2 * size - OUTLIER);
    }
    return total;
  }

  /** The most probable logarithms of factors. */
  #fit(): Float64Array {
    let solution: Float64Array = this.#start();
    const count = solution.length;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const matrix = new Float64Array(count * count);
      const step = new Float64Array(count);
      for (let column = 0; column < count; column++) {
        const precision = this.#spreads[column]! ** -2;
        matrix[column * count + column] = precision;
        step[column] = -precision * solution[column]!;
      }
      const times = this.#times(solution, this.#scale);
      const factors = solution.map((value) => Math.exp(this.#scale + value));
      const startupMs = this.#startupOf(solution);
      const slope = new Float64Array(count);
      for (const each of this.#observed) {
        const ms = this.#predict(each, times, startupMs);
        const residual = Math.log(each.ms / ms);
        const weight = Math.min(1, (OUTLIER * each.noise) / Math.abs(residual)) / each.noise ** 2;
        const columns: number[] = [];
        const add = (column: number, value: number): void => {
          if (value === 0) return;
          if (slope[column] === 0) columns.push(column);
          slope[column]! += value;
        };
        add(this.#startup, (each.startup * startupMs) / ms);
        for (const [at, kernel] of each.kernels.entries())
          this.#addSlopes(add, kernel, (each.uses[at]! * times[kernel]!) / ms, factors);
        for (const column of columns) {
          const own = weight * slope[column]!;
          step[column]! += own * residual;
          for (const other of columns)
            if (other <= column) matrix[column * count + other]! += own * slope[other]!;
        }
        for (const column of columns) slope[column] = 0;
      }
      factorCholesky(matrix, count);
      solveLower(matrix, step, count);
      solveUpper(matrix, step, count);
      const before = this.#loss(solution);
      let moved = solution;
      let gain = 0;
      for (let share = 1; share >= LEAST_STEP && !(gain > 0); share /= 2) {
        moved = solution.map((value, column) => value + share * step[column]!);
        gain = before - this.#loss(moved);
      }
      if (!(gain > 0)) break;
      solution = moved;
      if (gain < LEAST_GAIN) break;
    }
    return solution;
  }

  /** How the logarithm of a sum changes with the columns of one of its kernels, which is this share of it. */
  #addSlopes(
    add: (column: number, value: number) => void,
    kernel: number,
    share: number,
    factors: Float64Array,
  ): void {
    const { fixed, columns, values, slopes, sizes } = this.#kernels[kernel]!;
    let ms = fixed * Math.exp(this.#scale);
    for (let at = 0; at < columns.length; at++) ms += values[at]! * factors[columns[at]!]!;
    if (!(ms > 0)) return;
    for (let at = 0; at < columns.length; at++)
      add(columns[at]!, (share * values[at]! * factors[columns[at]!]!) / ms);
    for (let size = 0; size < sizes.length; size++) add(slopes + size, share * sizes[size]!);
  }

  /** What the sizes of a kind's kernels, and that they are estimates, come to. */
  #exponentRange(kind: string, fitted: Float64Array): Pick<KindAdaptation, 'least' | 'greatest'> {
    const estimated = this.#estimated.get(kind);
    const { slopes, kernels } = this.#kinds.get(kind)!;
    const exponents = kernels.map((kernel) => {
      const { columns, sizes } = this.#kernels[kernel]!;
      const isEstimate = estimated !== undefined && columns[0] === estimated;
      const constant = isEstimate ? fitted[estimated]! : 0;
      return boundedExponent(
        sizes.reduce((sum, size, place) => sum + size * fitted[slopes + place]!, constant),
      );
    });
    return { least: Math.min(...exponents), greatest: Math.max(...exponents) };
  }

  adaptation(): Adaptation {
    const fitted = this.#fit();
    const scale = Math.exp(this.#scale);
    const kinds: Record<string, KindAdaptation> = {};
    for (const [kind, { slopes, ranges }] of this.#kinds) {
      const estimated = this.#estimated.get(kind);
      kinds[kind] = {
        measured: this.#seen.get(kind)! >= LEAST_MODELS,
        constant: 0,
        estimated: estimated === undefined ? 0 : fitted[estimated]!,
        sizes: ranges.sizes
          .map((size, place) => ({
            name: SIZES[size]!.name,
            least: ranges.least[place]!,
            mean: ranges.mean[place]!,
            greatest: ranges.greatest[place]!,
            slope: fitted[slopes + place]!,
            estimatedSlope: 0,
          }))
          .filter(
            ({ least, greatest, slope }) => Math.abs(slope) * (greatest - least) > LEAST_EFFECT,
          ),
        products: [],
        ...this.#exponentRange(kind, fitted),
      };
      if (this.#loops === undefined || kind !== GROUPED) continue;
      const { macMs, windowMs } = this.#knownLoops();
      const factor = scale * Math.exp(fitted[this.#loops]!);
      kinds[kind] = {
        ...kinds[kind]!,
        loops: { macMs: factor * macMs, windowMs: factor * windowMs },
      };
    }
    return {
      scale,
      terms: this.#terms.map((column) => Math.exp(fitted[column]!)),
      startup: this.#startupOf(fitted) / (scale * this.#startupMs),
      kinds,
    };
  }
}

/** Sizes that change a kernel's logarithm by less within all that was measured are left out. */
const LEAST_EFFECT = 2e-3;
/** A kind counts as measured if so many of the networks run it. */
const LEAST_MODELS = 3;

/** Totals first; then layers, and what the layers of a model leave of its total. */
function observations(data: DeviceData, models: readonly number[]): Observed[] {
  const { set, measured, kernelMs } = data;
  const sumOf = (entries: readonly number[]): Pick<Observed, 'kernels' | 'uses'> => ({
    kernels: entries.map((entry) => set.kernelIndex[entry]!),
    uses: entries.map((entry) => set.uses[entry]!),
  });
  const found = models.map((model): Observed => {
    const sum = sumOf(entriesOf(data, model));
    return { startup: 1, ...sum, ms: measured[model]!, noise: TOTAL_NOISE };
  });
  if (kernelMs === undefined) return found;
  for (const model of models) {
    const entries = entriesOf(data, model);
    const layers = entries.filter((entry) => kernelMs[entry]! > 0);
    const total = measured[model]!;
    const ms = layers.reduce((left, entry) => left - set.uses[entry]! * kernelMs[entry]!, total);
    if (layers.length === 0 || ms < LEAST_REST * total) continue;
    const others = entries.filter((entry) => !(kernelMs[entry]! > 0));
    const noise = Math.hypot(REST_NOISE, (TOTAL_NOISE * total) / ms);
    found.push({ startup: 1, ...sumOf(others), ms, noise });
  }
  for (const [kernel, { ms, count }] of meanLayers(data, models)) {
    const noise = LAYER_NOISE / Math.sqrt(count);
    found.push({ startup: 0, kernels: [kernel], uses: [1], ms, noise });
  }
  return found;
}

/** ms; some, so that there is something to multiply. */
export function leastStartupMs({ constantMs }: LatencyModelWeights): number {
  return Math.max(constantMs, LEAST_STARTUP_MS);
}
