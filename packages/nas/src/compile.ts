import { type Graph, NnMeterError, nodeCost, quote } from '@nnmeter/ir';
import { weightMB } from '@nnmeter/latency-model';
import type { LatencyPredictor } from '@nnmeter/predictor';
import { type Genome, type Sample, sampleKey } from './choices.ts';
import { FigureLayout, measureSamples, tellsParts } from './figures.ts';
import type { LatencyTable, TableSums } from './latency-table.ts';
import { randomGenome, randomOfStep } from './sampling.ts';
import { type SearchSpace, spaceHash } from './space.ts';
import { entryOf, setEntry, type Term, TermSums } from './term-sums.ts';

export interface CompileOptions {
  /** Random candidates to check the table on; default 200. */
  readonly candidates?: number;
  /** Of these candidates; default 0. */
  readonly seed?: number;
  /** Networks to build at most; default 20,000. */
  readonly maxNetworks?: number;
  /**
   * Measures batches of networks, in their order, each as {@link measureSamples} does; worker threads can. Asked once, for
   * all that are known to be needed; what more is found to be is measured here.
   */
  readonly measure?: (
    batches: readonly (readonly Sample[])[],
  ) => AsyncIterable<readonly Float64Array[]>;
  readonly onProgress?: (progress: CompileProgress) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface CompileProgress {
  /** Networks built and predicted so far. */
  readonly networks: number;
  /** Of about so many in all. */
  readonly expected: number;
}

/** What a table may be wrong by, relative to predictions of whole graphs: rounding, and no more. */
const TOLERANCE = 1e-11;
const CANDIDATES = 200;
const MAX_NETWORKS = 20_000;
/** A term of more combinations says that the space is not made of parts. */
const MAX_ENTRIES = 20_000;
/** Found terms for each label of a space beyond which it is not made of parts; a small one may have one for each sample. */
const MAX_FOUND_PER_LABEL = 4;
/** Networks that are measured together; in between other events are served. */
const BATCH = 16;

/**
 * The latencies of a space as a table that is exactly what the predictors say of whole networks: base, and what each
 * choice adds. What choices decide only together is found on random candidates and gets terms of pairs or more; spaces
 * whose networks coincide (`canonical`) are written out.
 * @throws NnMeterError E_INVALID_INPUT naming the choices that cannot be told apart, if the space is not such a sum, or a
 * canonical sample that is not as fast as what it stands for; E_LIMIT if it takes too many networks; what `space.build`
 * throws
 */
export async function compileSpace(
  space: SearchSpace,
  predictors: readonly LatencyPredictor[],
  options: CompileOptions = {},
): Promise<LatencyTable> {
  if (predictors.length === 0) throw new NnMeterError('E_INVALID_INPUT', 'a table needs a device');
  const compiler = new Compiler(space, predictors, options);
  if (space.canonical === undefined) await compiler.measureTerms();
  else await compiler.writeOut(space.canonical);
  const check = await compiler.check();
  compiler.report();
  const { layout, sums } = compiler;
  const { choices } = space;
  return {
    format: 'nnmeter-latency-table',
    version: layout.isReloading ? 2 : 1,
    madeBy: '@nnmeter/nas 2.0.0',
    space: { name: space.name, hash: await spaceHash(space), input: space.input },
    choices: choices.choices,
    devices: predictors.map((predictor) => ({
      name: predictor.name,
      aliases: predictor.aliases,
      version: predictor.version,
      product: predictor.device.product,
      interval: tellsParts(predictor) ? predictor.intervalWidths : null,
      ...(predictor.reloads && { reloads: predictor.reloads }),
    })),
    base: tableSums(layout, (figure) => sums.base[figure]!),
    terms: sums.terms.map((term) => ({
      labels: term.labels.map((label) => choices.labels[label]!),
      ...tableSums(layout, (figure) =>
        Array.from({ length: term.size }, (_, entry) => term.rows[entry * sums.width + figure]!),
      ),
    })),
    check,
  };
}

function tableSums<Figure>(
  layout: FigureLayout,
  at: (figure: number) => Figure,
): TableSums<Figure> {
  const devices = Array.from({ length: layout.devices }, (_, device) => device);
  return {
    ms: devices.map((device) => at(layout.time('ms', device))),
    kernels: devices.map((device) => at(layout.time('kernels', device))),
    novelMs: devices.map((device) => at(layout.time('novelMs', device))),
    estimatedMs: devices.map((device) => at(layout.time('estimatedMs', device))),
    ...(layout.isReloading && {
      weightMB: devices.map((device) => at(layout.time('weightMB', device))),
    }),
    macs: at(layout.size('macs')),
    parameters: at(layout.size('parameters')),
    activationBytes: at(layout.size('activationBytes')),
  };
}

class Compiler {
  readonly layout: FigureLayout;
  readonly sums: TermSums;
  readonly #space: SearchSpace;
  readonly #predictors: readonly LatencyPredictor[];
  readonly #options: CompileOptions;
  readonly #reference: Genome;
  readonly #measured = new Map<string, Float64Array>();
  readonly #row: Float64Array;
  /** Labels of the terms that candidates asked for. */
  readonly #found: (readonly number[])[] = [];
  #expected = 1;

  constructor(
    space: SearchSpace,
    predictors: readonly LatencyPredictor[],
    options: CompileOptions,
  ) {
    this.#space = space;
    this.#predictors = predictors;
    this.#options = options;
    this.layout = new FigureLayout(predictors);
    this.#row = new Float64Array(this.layout.width);
    this.#reference =
      space.reference === undefined
        ? space.choices.complete()
        : space.choices.encode(space.reference);
    this.sums = new TermSums(space.choices, new Float64Array(this.layout.width));
    this.#expected += this.#candidates;
  }

  get #candidates(): number {
    return this.#options.candidates ?? CANDIDATES;
  }

  /** One term of all labels: what the sample costs that stands for each combination. */
  async writeOut(canonical: (sample: Sample) => Sample): Promise<void> {
    const { choices, name } = this.#space;
    if (choices.size() > MAX_ENTRIES) {
      throw new NnMeterError(
        'E_LIMIT',
        `space ${quote(name)} has canonical samples, so that its table has an entry for each of ${choices.size()} combinations; ${MAX_ENTRIES} at most`,
        { hint: 'give it fewer choices, or leave `canonical` out' },
      );
    }
    const term = this.#add(choices.labels.map((_, label) => label));
    const standing = Array.from({ length: term.size }, (_, entry) => {
      const genome = new Uint8Array(choices.labels.length);
      setEntry(term, entry, genome, choices);
      return choices.encode(canonical(choices.decode(genome)));
    });
    await this.#measureAhead(standing);
    for (const [entry, genome] of standing.entries())
      term.rows.set(await this.#measure(genome), entry * this.layout.width);
  }

  /** A term of each label, and those that the space names, with differences from the reference; they fill the base too. */
  async measureTerms(): Promise<void> {
    const { choices, terms } = this.#space;
    const named = new Set(terms.flat());
    const singles = choices.order.filter((label) => !named.has(label));
    for (const labels of [...singles.map((label) => [label]), ...terms]) this.#add(labels);
    this.#shareReference();
    const { sums } = this;
    await this.#measureAhead([
      this.#reference,
      ...sums.terms.flatMap((term) => this.#candidatesOf(term).map(({ genome }) => genome)),
    ]);
    const row = await this.#measure(this.#reference);
    const left = sums.score(this.#reference, this.#row);
    for (let figure = 0; figure < row.length; figure++)
      sums.base[figure]! += row[figure]! - left[figure]!;
    for (const term of sums.terms) await this.#measureTerm(term);
  }

  /** Adds a term of zeros. */
  #add(labels: readonly number[]): Term {
    const term = this.sums.add(labels);
    this.#expected += term.size;
    return term;
  }

  /**
   * Gives the terms of blocks whose nodes are named after them what these cost in the reference network, so that entries
   * are shares and not mere differences. What adds up does not change.
   */
  #shareReference(): void {
    const graph = this.#space.build(this.#space.choices.decode(this.#reference));
    const owners = this.sums.terms.map(({ labels }) =>
      labels.map((label) => this.#space.choices.labels[label]!),
    );
    const shares = sharesOf(graph, owners, this.#predictors, this.layout);
    this.sums.terms.forEach((term, at) => {
      for (let entry = 0; entry < term.size; entry++)
        term.rows.set(shares[at]!, entry * this.layout.width);
    });
  }

  /** Adds to every entry of a term what the sums so far miss of a network with its values. */
  async #measureTerm(term: Term): Promise<void> {
    const { width } = this.layout;
    for (const { entry, genome } of this.#candidatesOf(term)) {
      const row = await this.#measure(genome);
      const sum = this.sums.score(genome, this.#row);
      for (let figure = 0; figure < width; figure++)
        term.rows[entry * width + figure]! += row[figure]! - sum[figure]!;
    }
  }

  /** For each entry of a term that can be: the reference with its values. */
  #candidatesOf(term: Term): readonly { readonly entry: number; readonly genome: Genome }[] {
    const { choices } = this.#space;
    const context = this.#reference.slice();
    for (const label of term.labels) choices.activate(context, label);
    const found: { entry: number; genome: Genome }[] = [];
    for (let entry = 0; entry < term.size; entry++) {
      const genome = context.slice();
      setEntry(term, entry, genome, choices);
      choices.settle(genome);
      if (entryOf(term, genome, choices.activity(genome)) === entry) found.push({ entry, genome });
    }
    return found;
  }

  /** Compares with whole networks of random candidates, and adds terms until none of them differs. */
  async check(): Promise<LatencyTable['check']> {
    const { seed = 0 } = this.#options;
    const candidates = Array.from({ length: this.#candidates }, (_, step) =>
      randomGenome(this.#space.choices, randomOfStep(seed, step)),
    );
    for (let at = 0; at < candidates.length; ) {
      if (!(await this.#isWrong(candidates[at]!))) at++;
      else {
        await this.#addTerm(candidates[at]!);
        // It may have changed those before.
        at = 0;
      }
    }
    const greatest = new Float64Array(this.layout.width);
    for (const genome of candidates) {
      const errors = await this.#errors(genome);
      for (const [figure, error] of errors.entries())
        greatest[figure] = Math.max(greatest[figure]!, error);
    }
    return {
      candidates: candidates.length,
      seed,
      maxRelativeError: this.#predictors.map(
        (_, device) => greatest[this.layout.time('ms', device)]!,
      ),
    };
  }

  /**
   * How far the sums are off for a candidate, by figure: relative to the figure of its network, or to the latency that the
   * figure is a part of; as it is where that is 0.
   */
  async #errors(genome: Genome): Promise<Float64Array> {
    const row = await this.#measure(genome);
    const sum = this.sums.score(genome, this.#row);
    return row.map(
      (value, figure) => Math.abs(sum[figure]! - value) / (row[this.layout.wholeOf(figure)]! || 1),
    );
  }

  async #isWrong(genome: Genome): Promise<boolean> {
    return (await this.#errors(genome)).some((error) => error > TOLERANCE);
  }

  /**
   * Adds a term for what the sums get wrong in a candidate: for few labels that they get wrong together, and those that
   * decide whether these matter. If it is there already, another has changed since what it was measured with: once more.
   */
  async #addTerm(genome: Genome): Promise<void> {
    const { choices, canonical, name } = this.#space;
    if (canonical !== undefined) {
      const sample = JSON.stringify(choices.decode(genome));
      throw new NnMeterError(
        'E_INVALID_INPUT',
        `the canonical sample of space ${quote(name)} that stands for ${sample} costs something else`,
        { hint: 'its `canonical` must give a sample with the same network' },
      );
    }
    const together = await this.#together(genome);
    const labels = sorted(together.flatMap((label) => [...choices.ancestors(label), label]));
    const size = labels.reduce((product, label) => product * choices.values[label]!.length, 1);
    if (size > MAX_ENTRIES) throw this.#inseparable(labels);
    this.#found.push(labels);
    const isSmall = choices.size() <= MAX_ENTRIES;
    const most = isSmall ? Number(choices.size()) : 0;
    if (this.#found.length > Math.max(most, MAX_FOUND_PER_LABEL * choices.labels.length))
      throw this.#inseparable(sorted(this.#found.flat()));
    const known = this.sums.terms.find((term) => term.labels.join() === labels.join());
    await this.#measureTerm(known ?? this.#add(labels));
  }

  /**
   * Labels of which none can be left at its reference value without the error going away: the shortest beginning of all
   * labels with an error ends with one of them, and so on.
   */
  async #together(genome: Genome): Promise<readonly number[]> {
    const { choices } = this.#space;
    const all = choices.order.filter((label) => genome[label] !== this.#reference[label]);
    const found: number[] = [];
    const isWrong = async (labels: readonly number[]): Promise<boolean> => {
      const mixed = this.#reference.slice();
      for (const label of labels) {
        for (const each of [...choices.ancestors(label), label]) mixed[each] = genome[each]!;
      }
      return this.#isWrong(choices.settle(mixed));
    };
    let candidates = all;
    while (!(await isWrong(found))) {
      let right = 0;
      let wrong = candidates.length;
      if (wrong === 0) throw this.#inseparable(all);
      while (wrong - right > 1) {
        const middle = (right + wrong) >> 1;
        if (await isWrong([...found, ...candidates.slice(0, middle)])) wrong = middle;
        else right = middle;
      }
      found.push(candidates[wrong - 1]!);
      candidates = candidates.slice(0, wrong - 1);
    }
    return found;
  }

  /** The figures of a candidate, which is measured unless it was before. */
  async #measure(genome: Genome): Promise<Float64Array> {
    const known = this.#measured.get(sampleKey(genome));
    if (known !== undefined) return known;
    this.#requireNetworks(1);
    const sample = this.#space.choices.decode(genome);
    const [row] = measureSamples(this.#space, this.#predictors, [sample]);
    this.#measured.set(sampleKey(genome), row!);
    if (this.#measured.size % BATCH === 0) {
      this.report();
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.#options.signal?.throwIfAborted();
    }
    return row!;
  }

  /** Has candidates that will be needed measured by who can measure many. */
  async #measureAhead(genomes: readonly Genome[]): Promise<void> {
    const { measure, signal } = this.#options;
    if (measure === undefined) return;
    const wanted = [...new Map(genomes.map((genome) => [sampleKey(genome), genome])).values()];
    this.#requireNetworks(wanted.length);
    this.#expected = wanted.length + this.#candidates;
    const samples = wanted.map((genome) => this.#space.choices.decode(genome));
    const batches = Array.from({ length: Math.ceil(samples.length / BATCH) }, (_, batch) =>
      samples.slice(batch * BATCH, (batch + 1) * BATCH),
    );
    let next = 0;
    for await (const rows of measure(batches)) {
      for (const row of rows) this.#measured.set(sampleKey(wanted[next++]!), row);
      this.report();
      signal?.throwIfAborted();
    }
  }

  #requireNetworks(more: number): void {
    const { maxNetworks = MAX_NETWORKS } = this.#options;
    if (this.#measured.size + more <= maxNetworks) return;
    throw new NnMeterError(
      'E_LIMIT',
      `a table of space ${quote(this.#space.name)} takes more than ${maxNetworks} networks`,
      { hint: 'name the labels that belong together in its terms, or give it fewer choices' },
    );
  }

  /** Says how far it is. */
  report(): void {
    const networks = this.#measured.size;
    this.#options.onProgress?.({ networks, expected: Math.max(this.#expected, networks) });
  }

  #inseparable(labels: readonly number[]): NnMeterError {
    const names = labels.map((label) => quote(this.#space.choices.labels[label]!));
    const shown = names.length > 6 ? `${names.slice(0, 6).join(', ')}, ...` : names.join(', ');
    return new NnMeterError(
      'E_INVALID_INPUT',
      `the latency of space ${quote(this.#space.name)} is no sum over its choices: ${names.length} of them decide together (${shown})`,
      { hint: 'predict its candidates one by one, or divide it into smaller choices' },
    );
  }
}

/** Labels in order, each once. */
function sorted(labels: readonly number[]): readonly number[] {
  return [...new Set(labels)].sort((a, b) => a - b);
}

/** What each term's blocks cost in a graph whose nodes are named `block/...` after the labels of terms. */
function sharesOf(
  graph: Graph,
  owners: readonly (readonly string[])[],
  predictors: readonly LatencyPredictor[],
  layout: FigureLayout,
): readonly Float64Array[] {
  const shares = owners.map(() => new Float64Array(layout.width));
  const ownerOf = (node: string): Float64Array | undefined => {
    const block = node.split('/', 1)[0]!;
    const isOf = (label: string): boolean => label === block || label.startsWith(`${block}_`);
    return shares[owners.findIndex((labels) => labels.some(isOf))];
  };
  predictors.forEach((predictor, device) => {
    const { kernels } = predictor.predictGraph(graph);
    for (const { nodes, latencyMs, reloadMs = 0, configuration } of kernels) {
      const share = nodes[0] === undefined ? undefined : ownerOf(nodes[0]);
      if (share === undefined) continue;
      share[layout.time('ms', device)]! += latencyMs - reloadMs;
      if (predictor.reloads !== undefined && configuration !== undefined)
        share[layout.time('weightMB', device)]! += weightMB(configuration);
    }
  });
  for (const node of graph.nodes) {
    const share = ownerOf(node.name);
    const cost = share && nodeCost(graph, node);
    if (share === undefined || cost === undefined) continue;
    share[layout.size('macs')]! += cost.macs;
    share[layout.size('parameters')]! += cost.parameters;
    share[layout.size('activationBytes')]! += cost.outputBytes;
  }
  return shares;
}
