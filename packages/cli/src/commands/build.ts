import { mkdir, readdir, rename } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import {
  type Build,
  buildPredictor,
  DEFAULT_MINUTES,
  describeOutcome,
  PLUGIN_VERSION,
  STEP_NAMES,
} from '@nnmeter/builder';
import { openJournal, writePlugin } from '@nnmeter/builder/node';
import { fileError, isMissing, makeTemporaryFolder } from '@nnmeter/files';
import { type Graph, NnMeterError, quote } from '@nnmeter/ir';
import { buildJournal, keepPlugin, requireFreeName } from '@nnmeter/nn-meter-predictors';
import { listDefinitions, listFormats, modelFileToGraph, requireShapes } from '@nnmeter/predictor';
import { printable } from '@nnmeter/report';
import { openRunner, type Runner } from '@nnmeter/runners';
import { type BuildArguments, threadCount, usageError } from '../arguments.ts';
import { startSteps } from '../render/progress.ts';
import { withResumeFlag } from '../resume-hint.ts';
import { beforeEnding } from '../signals.ts';
import { listSources } from '../sources.ts';
import type { Terminal } from '../terminal.ts';

/** Makes a predictor of a device by measuring it. @returns the exit code */
export async function build(options: BuildArguments, terminal: Terminal): Promise<number> {
  const { name, output, resume = false } = options;
  const budget = readBudget(options);
  const threads = options.threads === undefined ? 1 : threadCount(options.threads);
  await requireFreeName(name, PLUGIN_VERSION, resume);
  if (output !== undefined) await requireEmpty(output);
  const journal = options.journal ?? (await buildJournal(name));
  const own = await readOwn(options.for ?? []);
  const runner = await openRunner(options.runner, { parameters: readParameters(options) });
  const steps = await startSteps(terminal.showsProgress, (text) => terminal.note(text));
  const takeBack = beforeEnding(() => leave(runner, journal, terminal));
  try {
    const built = await buildPredictor({
      name,
      runner,
      journal: (header) => openJournal(journal, header, resume),
      known: await listDefinitions(),
      own,
      threads,
      ...budget,
      load: () => loadavg()[0]!,
      onProgress: ({ step, done, total, secondsLeft }) =>
        steps.show(STEP_NAMES[step], done, total, secondsLeft),
    });
    const folder = await write(built, output);
    steps.stop();
    await report(built, folder, options, terminal);
    return 0;
  } catch (error) {
    throw withResumeFlag(error);
  } finally {
    steps.stop();
    takeBack();
    await runner.close();
  }
}

/** What a signal leaves: the measurements. */
async function leave(runner: Runner, journal: string, terminal: Terminal): Promise<void> {
  terminal.note(
    `\nnn-meter: what was measured is in ${printable(journal)}; go on with the same command and --resume`,
  );
  await runner.close();
}

/** @throws NnMeterError E_USAGE */
function readBudget({ minutes, models, seed }: BuildArguments): {
  readonly minutes?: number;
  readonly models?: number;
  readonly seed?: number;
} {
  if (minutes !== undefined && !(minutes > 0 && minutes <= 10_000))
    throw usageError('--minutes needs a number greater than 0');
  if (models !== undefined && !(Number.isInteger(models) && models >= 10 && models <= 2000))
    throw usageError('--models needs a whole number from 10 to 2000');
  if (seed !== undefined && !(Number.isInteger(seed) && Math.abs(seed) < 2 ** 31))
    throw usageError('--seed needs a whole number');
  return {
    ...(minutes === undefined && models === undefined && { minutes: DEFAULT_MINUTES }),
    ...(minutes !== undefined && { minutes }),
    ...(models !== undefined && { models }),
    ...(seed !== undefined && { seed }),
  };
}

/** Values that a runner asks for. @throws NnMeterError E_USAGE */
function readParameters({ serial, parameter = [] }: BuildArguments): Record<string, string> {
  const given = parameter.map((value): [string, string] => {
    const [, name, text] = /^(\w+)=(.*)$/s.exec(value) ?? [];
    if (name === undefined) throw usageError(`--parameter ${value} is no value; write host=me@box`);
    return [name, text!];
  });
  return { ...Object.fromEntries(given), ...(serial !== undefined && { serial }) };
}

/** The networks that matter. @throws the error of the first that cannot be read */
async function readOwn(paths: readonly string[]): Promise<readonly Graph[]> {
  if (paths.length === 0) return [];
  const sources = await listSources({ files: [...paths] }, await listFormats(), true);
  const graphs: Graph[] = [];
  for (const { model, type, failure, optional } of sources) {
    if (failure !== undefined) throw new NnMeterError('E_FILE', `--for: ${failure.message}`);
    try {
      const graph = await modelFileToGraph(model, type);
      requireShapes(graph);
      graphs.push(graph);
    } catch (error) {
      if (optional !== true) throw error;
    }
  }
  return graphs;
}

/** @throws NnMeterError E_FILE if there is anything at the path */
async function requireEmpty(folder: string): Promise<void> {
  try {
    if ((await readdir(folder)).length === 0) return;
  } catch (cause) {
    if (isMissing(cause)) return;
    throw fileError('write', folder, cause);
  }
  throw new NnMeterError('E_FILE', `the folder ${quote(folder)} is not empty`, {
    where: { file: folder },
    hint: 'name a new one for the plugin',
  });
}

/** Writes the plugin, all of it or nothing. @returns where */
async function write(built: Build, output: string | undefined): Promise<string> {
  const { name, version } = built.definition;
  if (output === undefined)
    return keepPlugin(name, version, (folder) => writePlugin(folder, built));
  const target = resolve(output);
  try {
    await mkdir(dirname(target), { recursive: true });
    const { path, discard } = makeTemporaryFolder(join(dirname(target), `.${basename(target)}-`));
    try {
      await writePlugin(path, built);
      await rename(path, target);
    } finally {
      await discard();
    }
  } catch (cause) {
    throw fileError('write', output, cause);
  }
  return target;
}

async function report(
  { definition, check, notes }: Build,
  folder: string,
  { output, json }: BuildArguments,
  terminal: Terminal,
): Promise<void> {
  const { name, version, manifest } = definition;
  const { build } = manifest;
  for (const note of notes) terminal.note(`nn-meter: note: ${printable(note)}`);
  if (json) {
    const { accuracy, nearest, isCrossValidated } = check;
    const element = {
      predictor: name,
      version,
      output: folder,
      networks: build.networks,
      kernels: build.kernels,
      heldOut: accuracy,
      crossValidated: isCrossValidated,
      repeatCeiling: build.repeatCeiling,
      nearest: nearest ? { predictor: nearest.name, heldOut: nearest.accuracy } : null,
      notes,
    };
    return terminal.print(`${JSON.stringify([element], null, 2)}\n`);
  }
  const lines = [
    `${name} ${version}: ${manifest.trainedOn}, in ${Math.round(build.measuringSeconds)} s`,
    ...Object.entries(describeOutcome(manifest)).map(
      ([subject, text]) => `  ${subject.padEnd(9)} ${text}`,
    ),
    `wrote ${printable(folder)}, with report.html`,
    output === undefined
      ? `use it with: nn-meter --predictor ${name} MODEL`
      : `use it with: npm install ${printable(output)}`,
  ];
  await terminal.print(`${lines.map(printable).join('\n')}\n`);
}
