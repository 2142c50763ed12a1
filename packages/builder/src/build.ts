import { type Graph, NnMeterError } from '@nnmeter/ir';
import { detectKernels, type FusionRules } from '@nnmeter/kernel-detect';
import { termSets } from '@nnmeter/latency-model';
import type { DeviceFacts, PredictorDefinition } from '@nnmeter/predictor';
import { formatShape } from '@nnmeter/report';
import { documentPage } from '@nnmeter/report/views';
import type { Runner, RunnerFacts } from '@nnmeter/runners';
import { sha256 } from 'js-sha256';
import { contradictions } from './contradictions.ts';
import { FUSION_PAIRS, type PairTimes, pairModels } from './fusion-pairs.ts';
import { version } from './generated/version.ts';
import type { Journal, JournalHeader } from './journal.ts';
import { kernelTimes } from './kernel-times.ts';
import { type LearnedRules, rulesFromGraphs, rulesFromTimes } from './learn-rules.ts';
import { measureModels } from './measure.ts';
import { toRunnable } from './model-bytes.ts';
import { planHash, planModels } from './plan.ts';
import type { PlannedModel } from './planned-model.ts';
import {
  type BuildManifest,
  type BuiltPredictor,
  type PluginFiles,
  pluginFiles,
  toDefinition,
} from './plugin-files.ts';
import { type MeasuredModel, type Results, repeatCeiling, resultsOf } from './results.ts';
import { type Budget, SECONDS_A_MODEL } from './schedule.ts';

import { type TrainedPlugin, trainPlugin } from './train-plugin.ts';
import { type MeasuredKernel, viewBuild } from './view-build.ts';

export interface BuildOptions extends Budget {
  /** Of the predictor. */
  readonly name: string;
  readonly runner: Runner;
  /** Opens what keeps the measurements; those that are in it count. */
  readonly journal: (header: JournalHeader) => Promise<Journal>;
  /** Predictors of other devices: the nearest is where training starts, and what has to be outdone. */
  readonly known: readonly PredictorDefinition[];
  /** Networks that the predictor is for. */
  readonly own?: readonly Graph[];
  /** Default 1. */
  readonly seed?: number;
  /** Default 1. */
  readonly threads?: number;
  /** Longest that one measurement may take, ms. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: BuildProgress) => void;
  /** ms since 1970; default: the machine's clock. */
  readonly now?: () => number;
  /** Load average of this machine over the last minute, where it is known. */
  readonly load?: () => number;
}

export type BuildStep = 'plan' | 'fusions' | 'models' | 'outliers' | 'repeats' | 'train';

/** The steps in words, in their order. */
export const STEP_NAMES: Readonly<Record<BuildStep, string>> = {
  plan: 'choosing models',
  fusions: 'finding out what is fused',
  models: 'measuring models',
  outliers: 'measuring outliers again',
  repeats: 'measuring some again',
  train: 'training',
};

/** How far a build is. */
export interface BuildProgress {
  readonly step: BuildStep;
  /** Of the step. */
  readonly done: number;
  readonly total: number;
  /** Of the whole build, as far as it is known; otherwise of the step. */
  readonly secondsLeft: number;
}

/** A predictor that was built. */
export interface Build {
  readonly definition: BuiltPredictor;
  readonly check: TrainedPlugin['check'];
  /** In words, what a user should know. */
  readonly notes: readonly string[];
  /** Of the plugin: plain JavaScript that needs nothing, the same as data, and a report. */
  files(): PluginFiles;
}

export const DEFAULT_MINUTES = 2;
/** Share of the minutes for measuring; the rest is for planning and training. */
const MEASURING_SHARE = 0.85;
/** More models than can be measured in a minute. */
const MODELS_A_MINUTE = 150;
const MOST_MODELS = 3000;
/** Networks whose optimised graph is read. */
const SHOWN_NETWORKS = 16;
/** Share of the measuring time for pairs of layers, where the runtime shows no graph. */
const PAIRS_SHARE = 0.25;
/** A latency that is so many times what the others say, twice measured, is left out. */
const IMPOSSIBLE_FACTOR = 30;
/** Kernels in the report. */
const SLOWEST = 15;

/**
 * Builds a predictor of a device: plans models, measures them into a journal, learns what the runtime fuses, trains, and
 * checks the result on networks that training did not see.
 * @throws NnMeterError E_RUNNER if the runner or the device fails; E_MEASUREMENTS if what was measured is no good, or the
 * predictor would be worse than a known one; what the journal throws; the reason of the signal
 */
export async function buildPredictor(options: BuildOptions): Promise<Build> {
  const { name, runner, seed = 1, own = [], now = Date.now, signal, onProgress } = options;
  const minutes = options.minutes ?? (options.models === undefined ? DEFAULT_MINUTES : undefined);
  onProgress?.({
    step: 'plan',
    done: 0,
    total: 1,
    secondsLeft: secondsOf(minutes, options.models),
  });
  const plan = planModels({ seed, count: planLength(minutes, options.models), own });
  const facts = await runner.facts(signal);
  const known = ofItsKind(options.known, facts);
  const journal = await options.journal({
    format: 'nnmeter-build',
    version: 1,
    name,
    seed,
    plan: planHash({ seed, own }),
    runner: runner.name,
    facts,
  });
  try {
    const step: BuildStepOptions = {
      ...options,
      ...(minutes !== undefined && { minutes: minutes * MEASURING_SHARE }),
    };
    const learned = await learnRules(plan, journal, step);
    await measureModels(plan, runner, journal, {
      ...measuringOptions(step),
      outliers: (measured) => {
        const models = plan.filter(({ id }) => measured.has(id));
        const latencies = models.map((model) => ({ ...model, ms: measured.get(model.id)! }));
        return contradictions(latencies, learned.rules, known).map(({ id }) => id);
      },
      onProgress: ({ phase, done, total, secondsLeft }) =>
        onProgress?.({ step: phase, done, total, secondsLeft }),
    });
    const found = sortOut(plan, journal, learned.rules, known);
    const trained = trainPlugin({
      name,
      rules: learned.rules,
      models: found.models,
      known,
      onProgress: (done, total) =>
        onProgress?.({ step: 'train', done, total, secondsLeft: total - done }),
    });
    return finish(options, journal, learned, found, trained, new Date(now()));
  } finally {
    await journal.close();
  }
}

/** As given, the minutes those for measuring. */
type BuildStepOptions = Omit<BuildOptions, 'journal'>;

function measuringOptions({
  threads = 1,
  minutes,
  models,
  timeoutMs,
  signal,
  now,
  load,
}: BuildStepOptions) {
  return {
    threads,
    ...(minutes !== undefined && { minutes }),
    ...(models !== undefined && { models }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(signal && { signal }),
    ...(now && { now }),
    ...(load && { load }),
  };
}

/** That a build may take, as far as is known before anything is measured. */
function secondsOf(minutes = Number.POSITIVE_INFINITY, models = Number.POSITIVE_INFINITY): number {
  return Math.min(60 * minutes, SECONDS_A_MODEL * models);
}

function planLength(minutes: number | undefined, models = Number.POSITIVE_INFINITY): number {
  const byTime = minutes === undefined ? MOST_MODELS : Math.ceil(minutes * MODELS_A_MINUTE);
  // Some cannot be measured.
  return Math.max(1, Math.min(Math.ceil(1.5 * models), byTime, MOST_MODELS));
}

/** Those that may be alike, as far as the runner tells: processor time is a processor's. */
function ofItsKind(known: readonly PredictorDefinition[], { time, kind = '' }: RunnerFacts) {
  const own = time === 'cpu' ? 'cpu' : String(kind).toLowerCase();
  const alike = known.filter(({ device }) => device.kind === own);
  return alike.length > 0 ? alike : known;
}

/** What the runtime fuses: by its own graphs where it shows them, else by timing pairs of layers. */
async function learnRules(
  plan: readonly PlannedModel[],
  journal: Journal,
  options: BuildStepOptions,
): Promise<LearnedRules> {
  const { runner } = options;
  if (runner.fusedNodes === undefined) return learnByTiming(journal, options);
  const networks = plan.filter(({ isKernel }) => !isKernel).slice(0, SHOWN_NETWORKS);
  for (const [done, model] of networks.entries()) {
    if (journal.lines.some(({ kind, id }) => kind === 'fused' && id === model.id)) continue;
    options.signal?.throwIfAborted();
    const secondsLeft = secondsOf(options.minutes, options.models);
    options.onProgress?.({ step: 'fusions', done, total: networks.length, secondsLeft });
    await showGraph(model, journal, options);
  }
  const shown = networks.flatMap((model) => {
    const line = journal.lines.find(({ kind, id }) => kind === 'fused' && id === model.id);
    if (line?.kind !== 'fused' || line.groups.length === 0) return [];
    return [{ graph: model.graph(), groups: line.groups }];
  });
  return shown.length === 0
    ? learnByTiming(journal, options)
    : rulesFromGraphs(shown, journal.header.facts.runtime);
}

/** Has the runtime show its graph of a model; one that it does not show is noted as such. */
async function showGraph(
  { id, graph: build }: PlannedModel,
  journal: Journal,
  { runner, signal, now = Date.now }: BuildStepOptions,
): Promise<void> {
  const started = now();
  const graph = build();
  const shown = await runner.fusedNodes!(toRunnable(id, graph, runner), signal).catch(
    (error: unknown) => {
      signal?.throwIfAborted();
      if (error instanceof NnMeterError) return [];
      throw error;
    },
  );
  const at = now();
  await journal.add({ kind: 'fused', id, groups: shown, at, tookMs: at - started });
}

async function learnByTiming(journal: Journal, options: BuildStepOptions): Promise<LearnedRules> {
  const pairs = FUSION_PAIRS.map((pair) => ({ pair, models: pairModels(pair) }));
  const { minutes, models: _, ...rest } = measuringOptions(options);
  const models = new Map(
    pairs.flatMap(({ models }) => Object.values(models).map((model) => [model.id, model] as const)),
  );
  await measureModels([...models.values()], options.runner, journal, {
    ...rest,
    ...(minutes !== undefined && { minutes: minutes * PAIRS_SHARE }),
    onProgress: ({ done, total, secondsLeft }) =>
      options.onProgress?.({ step: 'fusions', done, total, secondsLeft }),
  });
  const timesOf = ({ id }: PlannedModel): number[] =>
    journal.lines.flatMap((line) => (line.kind === 'measured' && line.id === id ? [line.ms] : []));
  const times = new Map<string, PairTimes>();
  for (const { pair, models } of pairs) {
    const { first, second, both, nothing } = models;
    const timed = {
      first: timesOf(first),
      second: timesOf(second),
      both: timesOf(both),
      nothing: timesOf(nothing),
    };
    if (Object.values(timed).every(({ length }) => length > 0)) times.set(pair.rule, timed);
  }
  // Runtimes of processors are most alike.
  const assumed = options.known.find(({ device }) => device.kind === 'cpu') ?? options.known[0];
  return rulesFromTimes(times, assumed?.fusionRules ?? { fuse: {} });
}

/** What is trained with, and what was found besides. */
interface Found extends Results {
  readonly leftOut: readonly string[];
  readonly notes: readonly string[];
}

/** Leaves out what cannot be right although it was measured twice. */
function sortOut(
  plan: readonly PlannedModel[],
  journal: Journal,
  rules: FusionRules,
  known: readonly PredictorDefinition[],
): Found {
  const results = resultsOf(plan, journal.lines);
  const wrong = contradictions(results.models, rules, known, IMPOSSIBLE_FACTOR);
  const leftOut = wrong.map(({ id }) => id);
  const { failed } = results;
  const notes = wrong.map(
    ({ id, ms, expectedMs }) =>
      `left out: ${id} took ${ms.toPrecision(3)} ms, where the others say ${expectedMs.toPrecision(3)} ms`,
  );
  const [first] = failed;
  if (first !== undefined)
    notes.push(
      `${failed.length} models could not be measured, the first ${first.id}: ${first.reason}`,
    );
  const models = results.models.filter(({ id }) => !leftOut.includes(id));
  const withLayers = models.filter(({ layers }) => layers !== undefined).length;
  if (withLayers > 0 && withLayers < models.length)
    notes.push(
      `the runner told no layers of ${models.length - withLayers} of ${models.length} models`,
    );
  return { ...results, models, leftOut, notes };
}

function finish(
  { name, runner, seed = 1, threads = 1 }: BuildOptions,
  { header, lines }: Journal,
  { rules, evidence }: LearnedRules,
  found: Found,
  trained: TrainedPlugin,
  date: Date,
): Build {
  const { models, drift, repeats, failed, leftOut, notes } = found;
  const { check, weights } = trained;
  const factors = drift.map(({ factor }) => factor);
  const loads = lines.flatMap((line) => (line.kind === 'measured' ? (line.load ?? []) : []));
  const networks = models.filter(({ isKernel }) => !isKernel).length;
  const manifest: BuildManifest = {
    trainedOn: `${networks} networks and ${models.length - networks} single kernels measured with ${runner.name}`,
    codeVersion: version,
    dataHash: sha256(JSON.stringify(models.map(({ id, ms }) => [id, ms]))),
    models: trained.trainedWith,
    date: date.toISOString().slice(0, 10),
    heldOut: check.accuracy,
    build: {
      runner: runner.name,
      facts: header.facts,
      seed,
      plan: header.plan,
      networks,
      kernels: models.length - networks,
      failed: failed.length,
      leftOut,
      repeatCeiling: repeatCeiling(repeats),
      repeats: repeats.length,
      isCrossValidated: check.isCrossValidated,
      intervalCoverage: check.intervalCoverage,
      drift: [Math.min(...factors), Math.max(...factors)],
      load: loads.length === 0 ? null : loads.reduce((sum, load) => sum + load, 0) / loads.length,
      measuringSeconds: lines.reduce((sum, { tookMs }) => sum + tookMs, 0) / 1000,
      nearest: check.nearest ? { name: check.nearest.name, heldOut: check.nearest.accuracy } : null,
    },
  };
  const device = deviceFacts(name, termSets[weights.terms].kind, header.facts, threads);
  const definition = toDefinition(name, device, rules, trained, manifest);
  const slowest = slowestKernels(models, rules);
  const report = (): string =>
    documentPage(viewBuild({ definition, check, evidence, slowest, drift, notes }));
  return {
    definition,
    check,
    notes,
    files: () => pluginFiles(definition, weights.terms, report()),
  };
}

function deviceFacts(
  name: string,
  kind: DeviceFacts['kind'],
  facts: RunnerFacts,
  threads: number,
): DeviceFacts {
  const { runtime, version: runtimeVersion, browser = name, processor = name } = facts;
  return {
    product: browser,
    processor,
    kind,
    framework: runtimeVersion === undefined ? runtime : `${runtime} ${runtimeVersion}`,
    precision: `float32, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    clock: 'as it was; drift divided out',
    // So it plans its memory; of other runtimes that is not known, and more memory is the safe answer.
    ...(runtime.startsWith('onnxruntime') && { writesInPlace: true }),
  };
}

function slowestKernels(models: readonly MeasuredModel[], rules: FusionRules): MeasuredKernel[] {
  const found: MeasuredKernel[] = [];
  for (const { id, layers, graph } of models) {
    if (layers === undefined) continue;
    const kernels = detectKernels(graph(), rules);
    const times = kernelTimes(kernels, layers);
    for (const { index, type, inputs, outputs } of kernels) {
      const { ms } = times[index]!;
      if (Number.isNaN(ms)) continue;
      const shapes = [inputs[0], outputs[0]].map((tensor) => formatShape(tensor?.shape ?? []));
      found.push({ model: id, type, shapes: shapes.join(' -> '), ms });
    }
  }
  return found.sort((a, b) => b.ms - a.ms).slice(0, SLOWEST);
}
