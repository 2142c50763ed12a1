import {
  type Adaptation,
  boundedExponent,
  centredSizes,
  type KindAdaptation,
  type SizeRanges,
} from './adaptation.ts';
import { type KernelConfiguration, kindName, SIZES } from './adaptation-features.ts';
import { type Observation, product, type SparseRow, solveRidge } from './bayesian-ridge.ts';
import type { KernelDescription } from './kernel-description.ts';
import { median } from './metrics.ts';
import { reloadMs, type WeightReload, weightMB } from './weight-reloads.ts';

/** A kernel as an adaptation sees it. */
export interface KernelTime {
  readonly configuration: KernelConfiguration;
  /** On the known device, ms. */
  readonly ms: number;
  /** How much of that is no more than an estimate, 0 to 1. */
  readonly estimatedShare: number;
  /** What a runtime's profiler says of the kernel by itself. */
  readonly layer?: {
    /** ms; of several times the geometric mean. */
    readonly ms: number;
    /** How many times that is the mean of. */
    readonly count: number;
    /** Weights of the networks that it was measured in, on average, MB. */
    readonly networkMB: number;
  };
}

/** A model whose total was measured. */
export interface MeasuredModel {
  /** ms in every run that belong to no kernel, on the known device. */
  readonly startupMs: number;
  /** ms in which the known device reads weights, beside its kernels; default 0. */
  readonly reloadMs?: number;
  readonly kernels: readonly { readonly kernel: KernelTime; readonly uses: number }[];
  /** ms */
  readonly measuredMs: number;
}

export interface FitOptions {
  /** A kind counts as measured if at least this many models run it, or if one of its layers is known. */
  readonly leastModels?: number | undefined;
  /** Whether the device may read weights again in every run, which the benchmark's phones show nothing of. */
  readonly isReloading?: boolean;
}

/*
 * Spreads expected of exponents where a device or a family resembles the known one; hypotheses multiply them all. They
 * and the hypotheses were chosen on the VPU and the Adreno 640 with families left out, for three draws of ten and thirty
 * models, and on draws of ten to sixty models of one server (docs/own-device.md).
 */
const STARTUP_SPREAD = 0.1;
const KIND_SPREAD = 0.05;
const SLOPE_SPREAD = 0.03;
const PRODUCT_SPREAD = 0.005;
/** A roofline estimate may be wrong by a multiple, and by another one for other sizes; not multiplied. */
const ESTIMATED_SPREAD = 2;
const ESTIMATED_SLOPE_SPREAD = 0.3;

/**
 * MB of weights beyond which caches may not hold them: those of cores, those that cores share. What follows was chosen among
 * 2 to 64 MB and spreads of 0.7 to 3 on four builds of one server, not on what docs/own-device.md reports of recorded ones.
 */
const CACHES_MB = [4, 16];
/** What reading a MB again is expected to take, as a share of what networks take for each MB of theirs. */
const RELOAD_SHARE = 0.01;
const RELOAD_SPREAD = 0.7;

const MULTIPLES = [0.5, 1, 2, 4, 8, 16];
/** Relative noise of totals. */
const NOISES = [0.01, 0.02, 0.04];
const LIKELIEST_NOISE = 0.02;
/**
 * With layers: those of one network are alike, so that their evidence, which takes them for independent, is for ever
 * greater spreads. Chosen on held-out networks of builds and of the server.
 */
const MULTIPLE_WITH_LAYERS = 6;
/** How much more uncertain the time of a single layer is: profilers take time, and caches are used by neighbours. */
const LAYER_NOISE = 30;
/** Profilers count in microseconds, and their own time is in what they measure. */
const LAYER_RESOLUTION_MS = 2e-3;
/** Residuals beyond this multiple of the noise, or of the median, count linearly: single measurements may be outliers. */
const OUTLIER = 2;
const MAX_ROUNDS = 8;
const LEAST_STEP = 1 / 16;
/** Of twice the logarithm of the probability: a third of a standard deviation. */
const LEAST_GAIN = 0.1;
/** With fewer measurements only the common factor is fitted. */
const LEAST_MODELS = 3;
/** A kind of kernels counts as measured if at least so many models run it, unless told otherwise. */
export const LEAST_MODELS_OF_KIND = 20;

/**
 * Fits what turns the times of a known device into measured ones: Bayesian regression of the logarithms of totals, and
 * of layers where they are known, in which what the measurements say little about stays as it is on the known device.
 * Gauss-Newton, since a total is a sum of exponentials. How far the device may be from the known one, and how noisy the
 * measurements are, is averaged over by evidence (D. MacKay, Bayesian interpolation, Neural Computation 4, 1992).
 */
export function fitAdaptation(
  models: readonly MeasuredModel[],
  { leastModels = LEAST_MODELS_OF_KIND, isReloading = false }: FitOptions = {},
): Adaptation {
  const ratios = models.map((model) => model.measuredMs / knownMs(model));
  const scale = median(ratios);
  if (models.length < LEAST_MODELS) return { scale, startup: 1, kinds: {} };
  const problem = new Problem(models, scale, isReloading);
  return problem.adaptation(averageSolution(problem), measuredKinds(models, leastModels));
}

function measuredKinds(models: readonly MeasuredModel[], leastModels: number): Set<string> {
  const count = new Map<string, number>();
  for (const { kernels } of models) {
    const layers = kernels.filter(({ kernel }) => kernel.layer !== undefined);
    for (const { kernel } of layers) count.set(kindName(kernel.configuration), leastModels);
    for (const kind of new Set(kernels.map(({ kernel }) => kindName(kernel.configuration))))
      count.set(kind, (count.get(kind) ?? 0) + 1);
  }
  return new Set([...count].flatMap(([kind, models]) => (models >= leastModels ? [kind] : [])));
}

/** Total of a model on the known device, ms. */
export function knownMs({
  startupMs,
  reloadMs = 0,
  kernels,
}: Omit<MeasuredModel, 'measuredMs'>): number {
  return kernels.reduce((sum, { kernel, uses }) => sum + uses * kernel.ms, startupMs + reloadMs);
}

function networkMB({ kernels }: MeasuredModel): number {
  return kernels.reduce((sum, { kernel, uses }) => sum + uses * weightMB(kernel.configuration), 0);
}

interface Fit {
  readonly solution: Float64Array;
  /** Logarithm of the probability of measurements and hypothesis. */
  readonly evidence: number;
}

/** The mean of the hypotheses' solutions by evidence; those that are tried lie on the way uphill from the middle. */
function averageSolution(problem: Problem): Float64Array {
  if (problem.hasLayers) return problem.fit(MULTIPLE_WITH_LAYERS, LIKELIEST_NOISE).solution;
  const fits = new Map<string, Fit>();
  const fitAt = (multiple: number, noise: number, from?: Fit): Fit | undefined => {
    if (MULTIPLES[multiple] === undefined || NOISES[noise] === undefined) return undefined;
    const key = `${multiple} ${noise}`;
    const known = fits.get(key);
    if (known !== undefined) return known;
    const fit = problem.fit(MULTIPLES[multiple], NOISES[noise], from?.solution);
    fits.set(key, fit);
    return fit;
  };
  let [multiple, noise] = [MULTIPLES.indexOf(1), NOISES.indexOf(LIKELIEST_NOISE)];
  for (;;) {
    const here = fitAt(multiple, noise)!;
    let best = here.evidence;
    let next: readonly [number, number] | undefined;
    for (const [m, n] of [
      [multiple + 1, noise],
      [multiple - 1, noise],
      [multiple, noise + 1],
      [multiple, noise - 1],
    ] as const) {
      const evidence = fitAt(m, n, here)?.evidence ?? Number.NEGATIVE_INFINITY;
      if (evidence <= best) continue;
      best = evidence;
      next = [m, n];
    }
    if (next === undefined) break;
    [multiple, noise] = next;
  }
  const all = [...fits.values()];
  const best = Math.max(...all.map(({ evidence }) => evidence));
  const mean = new Float64Array(problem.unknowns);
  let sum = 0;
  for (const { solution, evidence } of all) {
    const weight = Math.exp(evidence - best);
    sum += weight;
    for (let unknown = 0; unknown < mean.length; unknown++)
      mean[unknown]! += weight * solution[unknown]!;
  }
  return mean.map((value) => value / sum);
}

/** Unknown of the start-up, the first of what networks take beside their kernels; kinds of kernels follow. */
const STARTUP = 0;

/** Unknowns of a kind of kernels, as columns. */
interface KindColumns {
  /** Place among the blocks of unknowns. */
  readonly block: number;
  /** The first of the block. */
  readonly constant: number;
  /** Of what is estimated; those of its sizes follow. */
  readonly estimated: number;
  readonly ranges: SizeRanges;
  /** Of the first size; those of the others follow, then those of their products. */
  readonly sizes: number;
}

interface KernelRow extends SparseRow {
  readonly block: number;
  /** On the known device, times the common factor of the start, ms. */
  readonly ms: number;
  readonly weightMB: number;
  readonly layer: KernelTime['layer'];
}

interface ModelRow {
  readonly startupMs: number;
  /** In which the known device reads weights, times the common factor of the start, ms. */
  readonly reloadMs: number;
  readonly weightMB: number;
  readonly uses: ReadonlyMap<number, number>;
}

/** Sums of exponentials, to be fitted to measured totals. */
class Problem {
  readonly #spreads: number[] = [STARTUP_SPREAD];
  /** First unknown of each. */
  readonly #blocks: number[] = [STARTUP];
  /** Of {@link #spreads}, those that hypotheses do not multiply. */
  readonly #fixed = new Set<number>();
  readonly #kinds = new Map<string, KindColumns>();
  readonly #rows: KernelRow[] = [];
  readonly #layers: number[] = [];
  readonly #models: readonly ModelRow[];
  /** As they are expected: their unknowns follow the start-up. */
  readonly #reloads: readonly WeightReload[];
  readonly #totals: Float64Array;
  readonly #scale: number;

  constructor(models: readonly MeasuredModel[], scale: number, isReloading: boolean) {
    this.#scale = scale;
    const megabytes = models.map(networkMB);
    this.#reloads = isReloading ? expectedReloads(models, megabytes) : [];
    for (const _ of this.#reloads) this.#fixed.add(this.#column(RELOAD_SPREAD));
    const uses = new Map<KernelTime, number>();
    for (const { kernel, uses: times } of models.flatMap((model) => model.kernels))
      uses.set(kernel, (uses.get(kernel) ?? 0) + times);
    const kernels = [...uses.keys()];
    const index = new Map(kernels.map((kernel, at) => [kernel, at]));
    this.#addKinds(uses);
    for (const [at, kernel] of kernels.entries()) {
      this.#rows.push(this.#rowOf(kernel));
      if (kernel.layer !== undefined && kernel.ms > 0) this.#layers.push(at);
    }
    this.#models = models.map((model, at) => {
      const uses = new Map<number, number>();
      for (const { kernel, uses: times } of model.kernels) {
        const row = index.get(kernel)!;
        uses.set(row, (uses.get(row) ?? 0) + times);
      }
      return {
        startupMs: scale * model.startupMs,
        reloadMs: scale * (model.reloadMs ?? 0),
        weightMB: megabytes[at]!,
        uses,
      };
    });
    this.#totals = Float64Array.from(models, ({ measuredMs }) => Math.log(measuredMs));
  }

  get hasLayers(): boolean {
    return this.#layers.length > 0;
  }

  get unknowns(): number {
    return this.#spreads.length;
  }

  #column(spread: number): number {
    return this.#spreads.push(spread) - 1;
  }

  #addKinds(uses: ReadonlyMap<KernelTime, number>): void {
    const byKind = new Map<string, [KernelTime, number][]>();
    for (const entry of uses) {
      const kind = kindName(entry[0].configuration);
      const own = byKind.get(kind);
      if (own === undefined) byKind.set(kind, [entry]);
      else own.push(entry);
    }
    for (const [kind, own] of byKind) {
      const block = this.#blocks.push(this.unknowns) - 1;
      const constant = this.#column(KIND_SPREAD);
      const estimated = this.#column(ESTIMATED_SPREAD);
      this.#fixed.add(estimated);
      const ranges = rangesOf(own);
      for (const _ of ranges.sizes) this.#fixed.add(this.#column(ESTIMATED_SLOPE_SPREAD));
      const sizes = this.unknowns;
      for (const _ of ranges.sizes) this.#column(SLOPE_SPREAD);
      for (let a = 0; a < ranges.sizes.length; a++)
        for (let b = 0; b <= a; b++) this.#column(PRODUCT_SPREAD);
      this.#kinds.set(kind, { block, constant, estimated, ranges, sizes });
    }
  }

  #rowOf({ configuration, ms, estimatedShare, layer }: KernelTime): KernelRow {
    const kind = this.#kinds.get(kindName(configuration))!;
    const { block, constant, estimated, ranges, sizes } = kind;
    const columns = [constant];
    const values = [1];
    const add = (column: number, value: number): void => {
      columns.push(column);
      values.push(value);
    };
    const centred = centredSizes(ranges, configuration);
    if (estimatedShare > 0) {
      add(estimated, estimatedShare);
      for (const [place, value] of centred.entries())
        add(estimated + 1 + place, estimatedShare * value);
    }
    let column = sizes;
    for (const value of centred) add(column++, value);
    for (let a = 0; a < centred.length; a++)
      for (let b = 0; b <= a; b++) add(column++, centred[a]! * centred[b]!);
    return {
      columns: Uint32Array.from(columns),
      values: Float64Array.from(values),
      block,
      ms: this.#scale * ms,
      weightMB: weightMB(configuration),
      layer,
    };
  }

  /**
   * The most probable unknowns if all spreads are multiplied and totals have this relative noise.
   * @param start where to look first
   */
  fit(multiple: number, noise: number, start: Float64Array = new Float64Array(this.unknowns)): Fit {
    const spreads = Float64Array.from(this.#spreads, (spread, column) =>
      this.#fixed.has(column) ? spread : spread * multiple,
    );
    const prior = -(Math.log(multiple) ** 2) - Math.log(noise / LIKELIEST_NOISE) ** 2;
    let solution: Float64Array = start;
    let evidence = prior;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const times = this.#times(solution);
      const residuals = this.#residuals(solution, times);
      const noises = this.#noises(noise);
      const sizes = residuals.map((value, row) => Math.abs(value) / noises[row]!);
      const outlier = OUTLIER * Math.max(1, median(sizes));
      const observe = (row: SparseRow, at: number): Observation => ({
        row,
        target: residuals[at]! + product(row, solution),
        variance: noises[at]! ** 2 * Math.max(1, sizes[at]! / outlier),
      });
      const within: Observation[][] = this.#blocks.map(() => []);
      for (const [place, at] of this.#layers.entries()) {
        const row = this.#rows[at]!;
        within[row.block]!.push(observe(row, this.#models.length + place));
      }
      const reloads = this.#fittedReloads(solution);
      const across = this.#models.map((_, model) =>
        observe(this.#slopes(model, solution, times, reloads), model),
      );
      const next = solveRidge({ spreads, blocks: this.#blocks, within, across });
      evidence = next.evidence + prior;
      const loss = (x: Float64Array): number => this.#loss(x, spreads, noise, outlier);
      const before = loss(solution);
      let step = 1;
      const towards = (): Float64Array =>
        solution.map((value, column) => value + step * (next.solution[column]! - value));
      let moved = towards();
      let gain = before - loss(moved);
      while (step >= LEAST_STEP && !(gain > 0)) {
        step /= 2;
        moved = towards();
        gain = before - loss(moved);
      }
      if (!(gain > 0)) break;
      solution = moved;
      if (gain < LEAST_GAIN) break;
    }
    return { solution, evidence };
  }

  /** How the logarithm of a total changes with the unknowns. */
  #slopes(
    model: number,
    solution: Float64Array,
    times: Float64Array,
    reloads: readonly WeightReload[],
  ): SparseRow {
    const { startupMs, weightMB, uses } = this.#models[model]!;
    const total = this.#totalMs(model, times, solution, reloads);
    const dense = new Float64Array(this.unknowns);
    dense[STARTUP] = (startupMs * Math.exp(solution[STARTUP]!)) / total;
    for (const [at, reload] of reloads.entries())
      dense[STARTUP + 1 + at] = reloadMs([reload], weightMB) / total;
    for (const [at, count] of uses) {
      const { columns, values } = this.#rows[at]!;
      const weight = (count * times[at]!) / total;
      for (let entry = 0; entry < columns.length; entry++)
        dense[columns[entry]!]! += weight * values[entry]!;
    }
    return sparse(dense);
  }

  #times(solution: Float64Array): Float64Array {
    return Float64Array.from(
      this.#rows,
      (row) => row.ms * Math.exp(boundedExponent(product(row, solution))),
    );
  }

  #totalMs(
    model: number,
    times: Float64Array,
    solution: Float64Array,
    reloads: readonly WeightReload[],
  ): number {
    const { startupMs, reloadMs: knownReloadMs, weightMB, uses } = this.#models[model]!;
    let total = startupMs * Math.exp(solution[STARTUP]!) + knownReloadMs;
    total += reloadMs(reloads, weightMB);
    for (const [at, count] of uses) total += count * times[at]!;
    return total;
  }

  #fittedReloads(solution: Float64Array): WeightReload[] {
    return this.#reloads.map(({ beyondMB, msPerMB }, at) => ({
      beyondMB,
      msPerMB: msPerMB * Math.exp(solution[STARTUP + 1 + at]!),
    }));
  }

  #residuals(solution: Float64Array, times: Float64Array): Float64Array {
    const models = this.#models.length;
    const residuals = new Float64Array(models + this.#layers.length);
    const reloads = this.#fittedReloads(solution);
    for (let model = 0; model < models; model++)
      residuals[model] =
        this.#totals[model]! - Math.log(this.#totalMs(model, times, solution, reloads));
    for (const [place, at] of this.#layers.entries()) {
      const { weightMB, layer } = this.#rows[at]!;
      const { ms, networkMB } = layer!;
      const share = weightMB === 0 ? 0 : weightMB / networkMB;
      residuals[models + place] = Math.log(
        ms / (times[at]! + share * reloadMs(reloads, networkMB)),
      );
    }
    return residuals;
  }

  #noises(noise: number): Float64Array {
    const models = this.#models.length;
    const noises = new Float64Array(models + this.#layers.length).fill(noise);
    for (const [place, at] of this.#layers.entries()) {
      const { ms, count } = this.#rows[at]!.layer!;
      noises[models + place] =
        Math.hypot(LAYER_NOISE * noise, LAYER_RESOLUTION_MS / ms) / Math.sqrt(count);
    }
    return noises;
  }

  /** Twice the negative logarithm of the probability: squares, linear beyond `outlier` multiples of the noise. */
  #loss(solution: Float64Array, spreads: Float64Array, noise: number, outlier: number): number {
    const noises = this.#noises(noise);
    let loss = 0;
    for (const [column, spread] of spreads.entries()) loss += (solution[column]! / spread) ** 2;
    for (const [row, residual] of this.#residuals(solution, this.#times(solution)).entries()) {
      const size = Math.abs(residual) / noises[row]!;
      loss += size <= outlier ? size ** 2 : outlier * (2 * size - outlier);
    }
    return loss;
  }

  adaptation(solution: Float64Array, measured: ReadonlySet<string>): Adaptation {
    const exponents = this.#blocks.map((): number[] => []);
    for (const row of this.#rows)
      exponents[row.block]!.push(boundedExponent(product(row, solution)));
    const kinds = [...this.#kinds].map(([kind, columns]): [string, KindAdaptation] => {
      const { block, constant, estimated, ranges, sizes } = columns;
      const count = ranges.sizes.length;
      return [
        kind,
        {
          measured: measured.has(kind),
          constant: solution[constant]!,
          estimated: solution[estimated]!,
          sizes: ranges.sizes.map((size, place) => ({
            name: SIZES[size]!.name,
            least: ranges.least[place]!,
            mean: ranges.mean[place]!,
            greatest: ranges.greatest[place]!,
            slope: solution[sizes + place]!,
            estimatedSlope: solution[estimated + 1 + place]!,
          })),
          products: Array.from(
            { length: (count * (count + 1)) / 2 },
            (_, pair) => solution[sizes + count + pair]!,
          ),
          least: Math.min(...exponents[block]!),
          greatest: Math.max(...exponents[block]!),
        },
      ];
    });
    return {
      scale: this.#scale,
      startup: Math.exp(solution[STARTUP]!),
      ...(this.#reloads.length > 0 && { reloads: this.#fittedReloads(solution) }),
      kinds: Object.fromEntries(kinds),
    };
  }
}

/** Of caches that the weights of some of the models exceed. @param megabytes by model, of its weights */
function expectedReloads(
  models: readonly MeasuredModel[],
  megabytes: readonly number[],
): WeightReload[] {
  const ms = models.reduce((sum, { measuredMs }) => sum + measuredMs, 0);
  const msPerMB = (RELOAD_SHARE * ms) / megabytes.reduce((sum, each) => sum + each, 0);
  const greatest = Math.max(...megabytes);
  return CACHES_MB.filter((beyondMB) => beyondMB < greatest).map((beyondMB) => ({
    beyondMB,
    msPerMB,
  }));
}

/** The entries of a row that are not 0. */
function sparse(dense: Float64Array): SparseRow {
  let count = 0;
  for (let column = 0; column < dense.length; column++) if (dense[column] !== 0) count++;
  const columns = new Uint32Array(count);
  const values = new Float64Array(count);
  for (let column = 0, at = 0; column < dense.length; column++) {
    if (dense[column] === 0) continue;
    columns[at] = column;
    values[at++] = dense[column]!;
  }
  return { columns, values };
}

/** Of the sizes that are known of all these kernels and vary among them; means go by how often each is used. */
export function rangesOf(
  kernels: readonly (readonly [Pick<KernelTime, 'configuration'>, uses: number])[],
): SizeRanges {
  const ranges = {
    sizes: [] as number[],
    least: [] as number[],
    mean: [] as number[],
    greatest: [] as number[],
  };
  for (const [size, { value }] of SIZES.entries()) {
    let [least, greatest, sum, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
    for (const [{ configuration }, uses] of kernels) {
      const own = value(configuration as KernelDescription);
      least = Math.min(least, own);
      greatest = Math.max(greatest, own);
      sum += uses * own;
      count += uses;
    }
    if (!(greatest > least)) continue;
    ranges.sizes.push(size);
    ranges.least.push(least);
    ranges.mean.push(sum / count);
    ranges.greatest.push(greatest);
  }
  return ranges;
}
