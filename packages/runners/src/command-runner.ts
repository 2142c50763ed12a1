import { rm } from 'node:fs/promises';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { isMissing, readBoundedText } from '@nnmeter/files';
import { type Graph, locateError, NnMeterError, quote } from '@nnmeter/ir';
import {
  type CommandTemplate,
  type FactCommand,
  fill,
  settleParameters,
} from './command-template.ts';
import { findLatencies, matchesOf } from './latency-text.ts';
import { FUSION_PARSERS, parseLayers } from './layer-parsers.ts';
import { ModelFolder } from './model-folder.ts';
import { type ProgramLimits, type ProgramOutput, quoteEnd, runProgram } from './run-program.ts';
import type {
  FusedNode,
  LayerTime,
  MeasureOptions,
  RunnableModel,
  Runner,
  RunnerFacts,
  RunnerResult,
} from './runner.ts';
import { requireConsistent, requireLayers, requireTime, resultOf } from './samples.ts';

/** Files that programs write beside the model: results, profiles. */
const MAX_FILE_BYTES = 2 ** 28;
/** For what a command says of itself, and for cleaning up. */
const SIDE_MS = 30_000;
/** What the runs of the check of the unit should take together, and how many they are at most. */
const UNIT_CHECK_MS = 50;
const MAX_MORE_RUNS = 10_000;
/** Nobody says how long it may take to show what is fused. */
const FUSION_MS = 300_000;

/**
 * A benchmark program as a runner.
 * @param template see `readTemplate`
 * @param parameters values of its parameters
 * @throws NnMeterError E_USAGE if one is needed, unknown, or would be taken for an option
 */
export function commandRunner(
  template: CommandTemplate,
  parameters: Readonly<Record<string, string>> = {},
): Runner {
  return new CommandRunner(template, settleParameters(template, parameters));
}

/** Of what a command says of itself. */
const FIRST_LINE = '^\\s*(\\S.*?)\\s*$';

type Values = Readonly<Record<string, string>>;

/** One measurement: the model's file, what goes into the places of commands, and how long it may take. */
interface Job extends ProgramLimits {
  readonly folder: string;
  readonly values: Values;
}

class CommandRunner implements Runner {
  readonly name: string;
  readonly format: 'onnx' | 'tflite';
  readonly fusedNodes?: NonNullable<Runner['fusedNodes']>;
  readonly #template: CommandTemplate;
  readonly #parameters: Values;
  readonly #folder: ModelFolder;
  readonly #closing = new AbortController();
  readonly #measured = new Map<string, number>();
  #hasUnitChecked = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(template: CommandTemplate, parameters: Values) {
    this.name = template.name;
    this.format = template.format;
    this.#template = template;
    this.#parameters = parameters;
    this.#folder = new ModelFolder(this);
    const parser = template.layers?.parser;
    if (parser !== undefined && FUSION_PARSERS.has(parser)) {
      this.fusedNodes = (model, signal) => this.#fusedNodes(model, signal);
    }
  }

  async facts(signal?: AbortSignal): Promise<RunnerFacts> {
    const values = { ...this.#parameters, processor: cpus()[0]?.model.trim() ?? '' };
    const facts: Record<string, string> = { runtime: this.name };
    for (const [name, fact] of Object.entries(this.#template.facts ?? {})) {
      const value =
        typeof fact === 'string' ? fill(fact, values) : await this.#ask(fact, values, signal);
      if (value !== undefined && value !== '') facts[name] = value;
    }
    return { ...facts, runtime: facts.runtime!, time: 'wall' };
  }

  /** What a command says; undefined if it fails, as `nvidia-smi` does where there is none. */
  async #ask(fact: FactCommand, values: Values, signal?: AbortSignal): Promise<string | undefined> {
    const argv = fact.command.map((argument) => fill(argument, values));
    const deadline = performance.now() + SIDE_MS;
    try {
      const { text } = await runProgram(argv, this.#folder.path, { deadline, signal });
      return matchesOf(text, fact.regexp ?? FIRST_LINE)[0]![0];
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof NnMeterError) return undefined;
      throw error;
    }
  }

  measure(model: RunnableModel, options: MeasureOptions): Promise<RunnerResult> {
    return this.#withJob(model, options, async (job) => {
      const { wallMs, result } = await this.#time(job, options);
      await this.#checkUnit(job, result.ms, wallMs);
      requireConsistent(this.#measured.get(model.id) ?? result.ms, result.ms);
      this.#measured.set(model.id, result.ms);
      const { layers } = this.#template;
      if (!options.layers || layers === undefined) return result;
      return { ...result, layers: requireLayers(await this.#layers(job, model.graph), result.ms) };
    });
  }

  #fusedNodes(model: RunnableModel, signal?: AbortSignal): Promise<readonly FusedNode[]> {
    const options = { runs: 2, warmups: 0, threads: 1, timeoutMs: FUSION_MS, layers: true };
    return this.#withJob(model, { ...options, ...(signal && { signal }) }, async (job) => {
      const layers = await this.#layers(job, model.graph);
      return layers.map(({ name, op = name, nodes }) => {
        if (nodes !== undefined) return { op, nodes };
        throw new NnMeterError(
          'E_RUNNER',
          `the runtime does not tell what its layer ${quote(name)} is in the model`,
          { hint: 'fold batch normalisation when the model is written, or take another model' },
        );
      });
    });
  }

  async close(): Promise<void> {
    this.#closing.abort(new NnMeterError('E_RUNNER', `runner ${this.name} was closed`));
    await this.#last;
    await this.#folder.discard();
  }

  /** Runs `body` between the commands before and after, when earlier calls are done. Errors name model and runner. */
  #withJob<T>(
    model: RunnableModel,
    options: MeasureOptions,
    body: (job: Job) => Promise<T>,
  ): Promise<T> {
    const { signal = this.#closing.signal } = options;
    const giveUp = AbortSignal.any([signal, this.#closing.signal]);
    const result = this.#last.then(() => {
      giveUp.throwIfAborted();
      return this.#folder.withFile(model, async (file, folder) => {
        const job = this.#makeJob(file, folder, { ...options, signal: giveUp });
        try {
          for (const argv of this.#template.before ?? []) await this.#run(argv, job);
          return await body(job);
        } catch (error) {
          throw locateError({ part: `runner ${this.name}` }, error);
        } finally {
          await this.#cleanUp(job);
        }
      });
    });
    this.#last = result.catch(() => {});
    return result;
  }

  #makeJob(model: string, dir: string, options: MeasureOptions): Job {
    const { runs, warmups, threads, timeoutMs, signal } = options;
    const numbers = { runs: String(runs), warmups: String(warmups), threads: String(threads) };
    return {
      folder: dir,
      values: { ...this.#parameters, model, dir, ...numbers },
      deadline: performance.now() + timeoutMs,
      signal,
    };
  }

  #run(argv: readonly string[], job: Job): Promise<ProgramOutput> {
    const filled = argv.map((argument) => fill(argument, job.values));
    return runProgram(filled, job.folder, job, this.#template.install);
  }

  /** A device that is lost cannot be cleaned; what was measured before stays true. */
  async #cleanUp(job: Job): Promise<void> {
    const limits = { deadline: performance.now() + SIDE_MS, signal: undefined };
    for (const argv of this.#template.after ?? []) {
      await this.#run(argv, { ...job, ...limits }).catch(() => {});
    }
  }

  /** With the time from the program's start to its end. */
  async #time(
    job: Job,
    { runs }: MeasureOptions,
  ): Promise<{ readonly result: RunnerResult; readonly wallMs: number }> {
    const { command, latency, median } = this.#template;
    const { wallMs, read } = await this.#runAndRead(command, job, [latency.file, median?.file]);
    const result = resultOf({ wallMs: await read(latency, findLatencies) });
    const counted = this.#isTold('runs') ? runs : 1;
    if (result.ms * counted > wallMs) {
      throw new NnMeterError(
        'E_RUNNER',
        `it tells of ${result.ms} ms, ${counted} times, but was through after ${Math.round(wallMs)} ms`,
        { hint: 'check the unit of the latency' },
      );
    }
    const all = { ...result, runs: Math.max(counted, result.runs) };
    if (median === undefined) return { result: all, wallMs };
    const [medianMs = Number.NaN] = await read(median, findLatencies);
    requireTime(medianMs);
    requireConsistent(result.ms, medianMs);
    if (medianMs < result.ms) {
      throw new NnMeterError(
        'E_RUNNER',
        `the median of its runs, ${medianMs} ms, is below their minimum, ${result.ms} ms`,
      );
    }
    return { result: { ...all, medianMs }, wallMs };
  }

  async #layers(job: Job, graph: Graph): Promise<readonly LayerTime[]> {
    const { command, layers } = this.#template;
    const { arguments: more = [], parser, file } = layers!;
    const { read } = await this.#runAndRead([...command, ...more], job, [file]);
    return read({ file }, (text) => parseLayers(text, parser, graph));
  }

  /** Runs a command and gives its output or files to who can read them; errors of that quote the output. */
  async #runAndRead(
    argv: readonly string[],
    job: Job,
    files: readonly (string | undefined)[],
  ): Promise<{ readonly wallMs: number; readonly read: Read }> {
    const pathOf = (file: string) => resolve(job.folder, fill(file, job.values));
    // So that none of an earlier run is taken for one of this.
    for (const file of files) if (file !== undefined) await rm(pathOf(file), { force: true });
    const { text, wallMs } = await this.#run(argv, job);
    const read: Read = async (place, find) => {
      try {
        return find(place.file === undefined ? text : await readResult(pathOf(place.file)), place);
      } catch (error) {
        if (!(error instanceof NnMeterError) || error.code !== 'E_RUNNER') throw error;
        const from = place.file === undefined ? 'its output' : quote(pathOf(place.file));
        throw new NnMeterError(
          'E_RUNNER',
          `${quote(argv[0]!)} ended well, but ${from} is not what was expected: ${error.problem}; ${quoteEnd(text)}`,
          { cause: error },
        );
      }
    };
    return { wallMs, read };
  }

  #isTold(value: string): boolean {
    return this.#template.command.some((argument) => argument.includes(`{${value}}`));
  }

  /**
   * Once: more runs have to take as much longer as the latency says. Otherwise a program whose milliseconds are taken
   * for microseconds would be believed.
   */
  async #checkUnit(job: Job, ms: number, wallMs: number): Promise<void> {
    if (this.#hasUnitChecked || !this.#isTold('runs')) return;
    const more = Math.min(Math.ceil(UNIT_CHECK_MS / ms), MAX_MORE_RUNS);
    const allowedMs = 3 * wallMs + 20 * more * ms + 1000;
    const deadline = performance.now() + allowedMs;
    if (deadline > job.deadline) return;
    const values = { ...job.values, runs: String(Number(job.values.runs) + more) };
    try {
      await this.#run(this.#template.command, { ...job, values, deadline });
    } catch (error) {
      if (performance.now() < deadline) throw error;
      throw new NnMeterError(
        'E_RUNNER',
        `it tells of ${ms} ms, but ${more} more runs took more than ${Math.round(allowedMs - wallMs)} ms longer`,
        { hint: 'check the unit of the latency, and that the command makes {runs} runs' },
      );
    }
    this.#hasUnitChecked = true;
  }
}

/** Reads what stands somewhere, by one of our parsers. */
type Read = <P extends { readonly file?: string | undefined }, T>(
  place: P,
  find: (text: string, place: P) => T,
) => Promise<T>;

async function readResult(path: string): Promise<string> {
  try {
    return await readBoundedText(path, MAX_FILE_BYTES);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new NnMeterError('E_RUNNER', 'it was not written');
  }
}
