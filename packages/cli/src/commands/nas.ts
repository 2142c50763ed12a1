import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { writeWhole } from '@nnmeter/files';
import { NnMeterError, quote } from '@nnmeter/ir';
import {
  compileSpace,
  type EvaluatedCandidate,
  type Evaluator,
  type Filter,
  FRONTS,
  finalistReports,
  finalistsCsv,
  httpEvaluator,
  isSize,
  type LatencyTable,
  latencyFilter,
  measureSamples,
  nniLatencyTable,
  type Objective,
  ofaLatencyTable,
  PROXY,
  type SearchResult,
  type SearchSpace,
  search,
  searchResult,
  settleObjectives,
  sizeFilter,
  spaceHash,
  spaces,
  spread,
  strategyNamed,
  surveyFilters,
  TableScorer,
  viewSearch,
} from '@nnmeter/nas';
import {
  commandEvaluator,
  nasBench201Evaluator,
  openSearchJournal,
  readNasBench201,
  readSearchJournal,
  type SearchHeader,
  type SearchJournal,
} from '@nnmeter/nas/node';
import type { LatencyPredictor } from '@nnmeter/predictor';
import { formatMs, formatShare, printable, renderTable, reportToJson } from '@nnmeter/report';
import { type NasArguments, threadCount, usageError } from '../arguments.ts';
import { EXPORTERS } from '../exporters.ts';
import { mapOnThreads } from '../map-on-threads.ts';
import { loadPredictors, predictorChoice } from '../predictors.ts';
import { readText } from '../read-text.ts';
import { type StepProgress, startSteps } from '../render/progress.ts';
import { withResumeFlag } from '../resume-hint.ts';
import { beforeEnding } from '../signals.ts';
import { shapeArgument } from '../sources.ts';
import { openSpace, type SpaceChoice } from '../space-choice.ts';
import type { TableJob } from '../table-worker.ts';
import type { Terminal } from '../terminal.ts';

/** Candidates that are evaluated unless a number is given; looking up costs nothing. */
const EVALUATIONS = 200;
const LOOK_UPS = 10_000;
/** Seconds for one candidate. */
const TIME_LIMIT = 3600;
/** What a batch of networks is taken to cost before it is known. */
const MS_PER_BATCH = 25;
/** Members of the first front that a terminal shows. */
const SHOWN = 20;

/** Searches architectures. @returns the exit code */
export async function nas(options: NasArguments, terminal: Terminal): Promise<number> {
  switch (options.action) {
    case 'spaces':
      await listSpaces(options, terminal);
      break;
    case 'table':
      await writeTable(options, terminal);
      break;
    case 'search':
      await runSearch(options, terminal);
      break;
    default:
      await showFront(options, terminal);
  }
  return 0;
}

async function listSpaces(options: NasArguments, terminal: Terminal): Promise<void> {
  const own = namedSpace(options);
  const listed = own === undefined ? spaces : [await openSpace(spaceChoice(options))];
  if (options.json) {
    const elements = listed.map(({ name, input, choices }) => ({
      ...{ name, input, choices: choices.choices },
      size: choices.size().toString(),
    }));
    return terminal.print(`${JSON.stringify(elements, null, 2)}\n`);
  }
  const columns = [
    { title: 'space' },
    { title: 'samples', align: 'right' },
    { title: 'choices', align: 'right' },
    { title: 'input', leaveOut: 1 },
  ] as const;
  const rows = listed.map(({ name, input, choices }) => [
    printable(name),
    sizeText(choices.size()),
    String(choices.labels.length),
    input.join('x'),
  ]);
  await terminal.print(renderTable(columns, rows, terminal));
}

function sizeText(size: bigint): string {
  return size < 1_000_000n ? size.toString() : Number(size).toExponential(1).replace('e+', 'e');
}

async function writeTable(options: NasArguments, terminal: Terminal): Promise<void> {
  const space = await openSpace(spaceChoice(options));
  const predictors = await loadPredictors(predictorChoice(options));
  const text = await tableText(space, predictors, options, terminal);
  const { output } = options;
  if (output === undefined || output === '-') return terminal.print(text);
  await writeWhole(output, text);
  terminal.note(`nn-meter: wrote ${printable(output)}`);
}

async function tableText(
  space: SearchSpace,
  predictors: readonly LatencyPredictor[],
  options: NasArguments,
  terminal: Terminal,
): Promise<string> {
  if (options.format === 'ofa') {
    if (predictors[1] !== undefined)
      throw usageError('a table of Once-for-All is of one device; name it with --predictor');
    return ofaLatencyTable(space, predictors[0]!);
  }
  const table = await compile(space, predictors, options, terminal);
  return options.format === 'nni' ? nniLatencyTable(table) : `${JSON.stringify(table)}\n`;
}

/** The table of a space, with progress. */
async function compile(
  space: SearchSpace,
  predictors: readonly LatencyPredictor[],
  options: NasArguments,
  terminal: Terminal,
): Promise<LatencyTable> {
  const threads = threadCount(options.threads);
  const steps = await startSteps(terminal.showsProgress, () => {});
  const start = performance.now();
  let built = 0;
  const job: TableJob = { space: spaceChoice(options), predictors: predictorChoice(options) };
  try {
    const table = await compileSpace(space, predictors, {
      measure: (batches) =>
        mapOnThreads(batches, {
          async work(samples) {
            // Other events are served before it.
            await setImmediate();
            return measureSamples(space, predictors, samples);
          },
          ...{ script: 'table', workerData: job, threads },
          msPerTask: MS_PER_BATCH,
        }),
      onProgress({ networks, expected }) {
        built = networks;
        const each = (performance.now() - start) / networks / 1000;
        steps.show('making the table', networks, expected, each * (expected - networks));
      },
    });
    steps.stop();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const worst = Math.max(...table.check.maxRelativeError).toExponential(0);
    terminal.note(
      `nn-meter: table of ${space.name} from ${built} networks in ${seconds} s; on ${table.check.candidates} random candidates off by ${worst} at most`,
    );
    return table;
  } finally {
    steps.stop();
  }
}

async function runSearch(options: NasArguments, terminal: Terminal): Promise<void> {
  const numbers = readNumbers(options);
  const space = await openSpace(spaceChoice(options));
  const predictors = await loadPredictors(predictorChoice(options));
  const table =
    options.table === undefined
      ? await compile(space, predictors, options, terminal)
      : await readTable(options.table, space);
  const scorer = new TableScorer(table);
  const evaluator = await openEvaluator(options, numbers);
  const objectives = settleObjectives(scorer, readObjectives(options), evaluator !== undefined);
  if (objectives.some(({ name }) => name === PROXY)) {
    terminal.note(
      'nn-meter: note: nobody evaluates accuracy; "proxy" grows with MACs and parameters, says that a network is large, and nothing else (--evaluator)',
    );
  }
  const filters = (options.limit ?? []).map((limit) => readLimit(scorer, limit, options.upper));
  if (filters.length > 0) describeSurvey(scorer, filters, terminal);
  const strategy = options.strategy ?? (objectives.length === 1 ? 'evolution' : 'nsga2');
  const population =
    options.population ?? (evaluator === undefined && strategy === 'nsga2' ? 100 : undefined);
  const header: SearchHeader = {
    format: 'nnmeter-search',
    version: 1,
    space: space.name,
    hash: table.space.hash,
    input: table.space.input,
    devices: table.devices.map(({ name, version }) => `${name} ${version}`),
    objectives,
    limits: filters.map(({ text }) => text),
    strategy,
    population: population ?? null,
    seed: numbers.seed,
    parallel: evaluator?.parallel ?? 1,
  };
  const make = strategyNamed(strategy, population);
  const path = journalPath(options, space);
  const journal = path === undefined ? undefined : await openJournal(path, header, options);
  const takeBack = beforeEnding(() => leave(journal, path, terminal));
  const steps = await startSteps(terminal.showsProgress, () => {});
  let candidates: readonly EvaluatedCandidate[];
  try {
    candidates = await search({
      ...{ scorer, objectives, filters, strategy: make, evaluator, record: journal },
      ...{ seed: numbers.seed, evaluations: numbers.evaluations },
      onProgress: progressOf(steps, numbers.evaluations, journal?.lines.length ?? 0),
    });
    await evaluator?.close();
  } catch (error) {
    await evaluator?.close().catch(() => {});
    throw withResumeFlag(error);
  } finally {
    steps.stop();
    takeBack();
    await journal?.close();
  }
  if (candidates.length < numbers.evaluations)
    terminal.note(`nn-meter: note: no more candidates were found after ${candidates.length}`);
  const result = searchResult(header, candidates, numbers.fronts);
  await report(result, candidates, { space, predictors }, options, terminal);
}

async function showFront(options: NasArguments, terminal: Terminal): Promise<void> {
  const [path, extra] = options.names ?? [];
  if (path === undefined || extra !== undefined)
    throw usageError('nas front needs the journal of one search');
  const { fronts } = readNumbers(options);
  const { header, lines } = await readSearchJournal(path);
  const result = searchResult(header, lines, fronts);
  await report(result, lines, undefined, options, terminal);
}

/** Shows and writes what was found; with space and predictors full reports and networks too. */
async function report(
  result: SearchResult,
  candidates: readonly EvaluatedCandidate[],
  full:
    | { readonly space: SearchSpace; readonly predictors: readonly LatencyPredictor[] }
    | undefined,
  options: NasArguments,
  terminal: Terminal,
): Promise<void> {
  const { html, csv, onnx, json } = options;
  if (html !== undefined) {
    const { searchPage } = await import('@nnmeter/report/views');
    await writeWhole(html, searchPage(viewSearch(result, candidates)));
  }
  if (csv !== undefined) await writeWhole(csv, finalistsCsv(result));
  if (onnx !== undefined) await writeNetworks(result, full?.space, onnx);
  if (json) {
    const finalists = result.finalists.map((finalist) => ({
      ...finalist,
      ...(full && {
        reports: finalistReports(full.space, finalist, full.predictors).map((each) =>
          reportToJson(`${result.space}-${finalist.id}`, 'space', each),
        ),
      }),
    }));
    await terminal.print(`${JSON.stringify({ ...result, finalists }, null, 2)}\n`);
  } else await terminal.print(resultText(result, terminal));
  for (const path of [html, csv, onnx])
    if (path !== undefined) terminal.note(`nn-meter: wrote ${printable(path)}`);
}

function resultText(result: SearchResult, terminal: Terminal): string {
  const { finalists, frontSizes, evaluated, failed, objectives } = result;
  const names = Object.keys(finalists[0]!.values);
  const sought = objectives.map(({ name }) => name);
  const columns = [
    { title: 'front' },
    { title: 'candidate', align: 'right' },
    ...[...sought, ...names.filter((name) => !sought.includes(name))].map((name, at) => ({
      title: name,
      align: 'right' as const,
      ...(at >= sought.length && { leaveOut: 1 + names.length - at }),
    })),
    { title: 'sample', least: 12, leaveOut: names.length + 2 },
  ] as const;
  const first = finalists.filter(({ front }) => front === 1);
  const rows = spread(first, SHOWN).map(({ front, id, values, sample }) => [
    String(front),
    String(id),
    ...columns.slice(2, -1).map(({ title }) => valueText(values[title])),
    printable(Object.values(sample).join(' ')),
  ]);
  const left = frontSizes.reduce((sum, size) => sum + size, 0) - rows.length;
  const summary = `${evaluated} candidates evaluated${failed > 0 ? `, ${failed} failed` : ''}; first ${frontSizes.length} fronts: ${frontSizes.join(', ')}`;
  const more =
    left > 0 ? `${rows.length} of ${left + rows.length} are shown (--json, --csv, --html)\n` : '';
  return `${renderTable(columns, rows, terminal)}${more}${summary}\n`;
}

function valueText(value: number | undefined): string {
  if (value === undefined) return '-';
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)}M`;
  return Number.isInteger(value) ? String(value) : formatMs(value);
}

/** The networks of finalists as ONNX files without weights. */
async function writeNetworks(
  { finalists, space: name }: SearchResult,
  space: SearchSpace | undefined,
  folder: string,
): Promise<void> {
  if (space === undefined) throw usageError('--onnx needs the space: use it with nas search');
  await mkdir(folder, { recursive: true });
  const writer = await EXPORTERS.onnx.load('none', undefined);
  for (const { id, sample } of finalists) {
    const path = join(folder, `${inFileName(name)}-${id}.onnx`);
    await writer.save!(space.build(sample), path);
  }
}

/** The space that is named on the command line, if any. @throws NnMeterError E_USAGE */
function namedSpace({ space, names = [] }: NasArguments): string | undefined {
  const [name, extra] = space === undefined ? names : [space, ...names];
  if (extra !== undefined) throw usageError(`"${extra}" is one space too many`);
  return name;
}

/** The choice that the options of a command make. @throws NnMeterError E_USAGE */
function spaceChoice(options: NasArguments): SpaceChoice {
  const name = namedSpace(options);
  if (name === undefined)
    throw usageError(
      `name a space: ${spaces.map((space) => space.name).join(', ')}, or a .js file`,
    );
  const text = options['input-shape'];
  if (text === undefined) return { name, input: undefined };
  const input = shapeArgument(text, 'SHAPE');
  if (input.length >= 2) return { name, input };
  throw usageError(`--input-shape ${text} is no shape of images; write 1,3,224,224`);
}

/** @throws NnMeterError E_INVALID_INPUT if it is no table, or one of another space */
async function readTable(path: string, space: SearchSpace): Promise<LatencyTable> {
  let table: LatencyTable;
  try {
    table = JSON.parse(await readText(path));
  } catch (cause) {
    if (cause instanceof NnMeterError) throw cause;
    throw new NnMeterError('E_INVALID_INPUT', `${quote(path)} is not JSON`, {
      where: { file: path },
    });
  }
  const { table: checked } = new TableScorer(table);
  if (checked.space.hash === (await spaceHash(space))) return checked;
  throw new NnMeterError(
    'E_INVALID_INPUT',
    `${quote(path)} is the table of another space: of ${checked.space.name} with an input of ${checked.space.input.join('x')}, or other choices`,
    { where: { file: path }, hint: 'write it again with: nn-meter nas table' },
  );
}

function readObjectives({ minimize = [], maximize = [], evaluator }: NasArguments): Objective[] {
  const given = [
    ...minimize.map((name) => ({ name, goal: 'minimize' as const })),
    ...maximize.map((name) => ({ name, goal: 'maximize' as const })),
  ];
  if (evaluator !== undefined) {
    if (maximize.length === 0 && minimize.length === 0)
      throw usageError(
        'say what is sought of the values that the evaluator answers: --maximize accuracy',
      );
    return given;
  }
  return maximize.length === 0 ? [...given, { name: PROXY, goal: 'maximize' }] : given;
}

/** `cortexA76=52`, `cortexA76=40..52`, `macs=..330e6`. @throws NnMeterError E_USAGE */
function readLimit(scorer: TableScorer, text: string, isUpper = false): Filter {
  const [, name, low, range, high] = /^([^=]+)=([\d.e+-]*?)(\.\.)?([\d.e+-]*)$/i.exec(text) ?? [];
  const numbers = [
    range === undefined ? '' : low,
    range === undefined ? `${low}${high}` : high,
  ].map((part) => (part === '' || part === undefined ? undefined : Number(part)));
  const [min, max] = numbers;
  const isNumber = (value: number | undefined): boolean =>
    value === undefined || Number.isFinite(value);
  if (name === undefined || !isNumber(min) || !isNumber(max) || (min ?? max) === undefined) {
    throw usageError(
      `--limit ${text} is no limit; write cortexA76=52, cortexA76=40..52 or macs=330e6`,
    );
  }
  if (isSize(name)) return sizeFilter(scorer, name, { min, max });
  return latencyFilter(scorer, {
    device: name,
    ...(min !== undefined && { minMs: min }),
    ...(max !== undefined && { maxMs: max }),
    use: isUpper ? 'upper' : 'point',
  });
}

function describeSurvey(scorer: TableScorer, filters: readonly Filter[], terminal: Terminal): void {
  const { share, shares, candidates, warnings } = surveyFilters(scorer, filters);
  const alone =
    shares.length === 1
      ? ''
      : ` (${shares.map((each) => formatShare(each.share)).join(', ')} one by one)`;
  const passing = share === 0 ? `less than 1 in ${candidates}` : formatShare(share);
  terminal.note(
    `nn-meter: ${filters.map(({ text }) => text).join(', ')}: ${passing} of the space passes${alone}`,
  );
  for (const warning of warnings) terminal.note(`nn-meter: warning: ${warning}`);
}

interface SearchNumbers {
  readonly evaluations: number;
  readonly parallel: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly seed: number;
  readonly fronts: number;
}

/** @throws NnMeterError E_USAGE */
function readNumbers(options: NasArguments): SearchNumbers {
  const whole = (
    name: string,
    value: number | undefined,
    usual: number,
    most: number,
    least = 1,
  ) => {
    if (value === undefined) return usual;
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw usageError(`--${name} needs a whole number from ${least} to ${most}`);
  };
  const seconds = options['time-limit'] ?? TIME_LIMIT;
  if (!(seconds > 0 && seconds <= 1e6)) throw usageError('--time-limit needs a number of seconds');
  const usual = options.evaluator === undefined ? LOOK_UPS : EVALUATIONS;
  return {
    evaluations: whole('evaluations', options.evaluations, usual, 10_000_000),
    parallel: whole('parallel', options.parallel, 1, 1000),
    timeoutMs: seconds * 1000,
    retries: whole('retries', options.retries, 1, 100, 0),
    seed: whole('seed', options.seed, 1, 2 ** 31 - 1, -(2 ** 31)),
    fronts: whole('fronts', options.fronts, FRONTS, 1000),
  };
}

/** Whether an evaluator is a table of NAS-Bench-201. */
function isTableFile(evaluator: string): boolean {
  return /\.csv(\.gz)?$/.test(evaluator);
}

/** Who evaluates: a URL, a table, or a command. */
async function openEvaluator(
  { evaluator }: NasArguments,
  { parallel, timeoutMs, retries }: SearchNumbers,
): Promise<Evaluator | undefined> {
  if (evaluator === undefined) return undefined;
  const limits = { parallel, timeoutMs, retries };
  if (/^https?:\/\//.test(evaluator)) return httpEvaluator(evaluator, limits);
  if (isTableFile(evaluator)) return nasBench201Evaluator(await readNasBench201(evaluator));
  return commandEvaluator(evaluator, limits);
}

/** What costs hours to evaluate has a journal even if none was asked for. @throws NnMeterError E_USAGE */
function journalPath(
  { journal, evaluator, resume }: NasArguments,
  space: SearchSpace,
): string | undefined {
  const isCostly = evaluator !== undefined && !isTableFile(evaluator);
  const path = journal ?? (isCostly ? `nas-${inFileName(space.name)}.jsonl` : undefined);
  if (path === undefined && resume)
    throw usageError('--resume needs the journal of the search: --journal FILE');
  return path;
}

async function openJournal(
  path: string,
  header: SearchHeader,
  { resume = false }: NasArguments,
): Promise<SearchJournal> {
  try {
    return await openSearchJournal(path, header, resume);
  } catch (error) {
    throw withResumeFlag(error);
  }
}

/** A name of the user's as a part of the name of a file. */
function inFileName(name: string): string {
  return name.replace(/[^\w.-]/g, '_');
}

/** What a signal leaves: the journal. */
async function leave(
  journal: SearchJournal | undefined,
  path: string | undefined,
  terminal: Terminal,
): Promise<void> {
  if (journal === undefined || path === undefined) return;
  terminal.note(
    `\nnn-meter: ${journal.lines.length} candidates are in ${printable(path)}; go on with the same command and --resume`,
  );
  await journal.close();
}

/** Shows how many were evaluated, how fast, and how long it will take; `before` are in the journal already. */
function progressOf(steps: StepProgress, total: number, before: number): (done: number) => void {
  const start = performance.now();
  let shownAt = 0;
  return (done) => {
    const now = performance.now();
    if (now - shownAt < 200 && done < total) return;
    shownAt = now;
    const rate = Math.max(0, done - before) / ((now - start) / 1000);
    const left = rate > 0 ? (total - done) / rate : 0;
    steps.show(
      `searching, ${rate >= 10 ? Math.round(rate) : rate.toPrecision(2)} a second`,
      done,
      total,
      left,
    );
  };
}
