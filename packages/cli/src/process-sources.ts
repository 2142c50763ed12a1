import { lstat, stat } from 'node:fs/promises';
import { NnMeterError, type ReadOptions } from '@nnmeter/ir';
import { isUnrecognised, readModelFile, type TypedGraph } from '@nnmeter/predictor';
import type { FailureJson } from '@nnmeter/report';
import { describeFailure, stackOf } from './failure.ts';
import type { Source } from './sources.ts';

/** What became of one source. */
export type Outcome<Result> = Succeeded<Result> | Failed | Skipped;

export interface Succeeded<Result> {
  readonly kind: 'succeeded';
  readonly model: string;
  readonly type: string;
  readonly result: Result;
}

export interface Failed {
  readonly kind: 'failed';
  readonly model: string;
  readonly type: string | null;
  readonly failure: FailureJson;
  /** Of what was thrown, for --verbose. */
  readonly stack?: string | undefined;
}

/** A file in a folder that is no model. */
export interface Skipped {
  readonly kind: 'skipped';
  readonly model: string;
  /** What it is, as a part of a sentence: "is empty". */
  readonly reason: string;
}

type Read<Model> = (source: Source) => Promise<Model>;

/** Reads models as they are. */
export function readWith(options: ReadOptions): Read<TypedGraph> {
  return ({ model, type }) => readModelFile(model, type, options);
}

/** Reads one model after the other and works on it; whatever happens to one, the next comes. */
export async function* processSources<Model extends TypedGraph, Result>(
  sources: readonly Source[],
  read: Read<Model>,
  work: (model: Model, source: Source) => Result | Promise<Result>,
): AsyncGenerator<Outcome<Result>> {
  async function* outcomes() {
    for (const source of sources) yield processSource(source, read, work);
  }
  yield* reportEmptyFolders(sources, outcomes());
}

/** Hands on the outcomes of the sources, in their order, and after them the folders in which no file was a model. */
export async function* reportEmptyFolders<Result>(
  sources: readonly Source[],
  outcomes: AsyncIterable<Outcome<Result>>,
): AsyncGenerator<Outcome<Result>> {
  const foundNothing = new Map<string, boolean>();
  let next = 0;
  for await (const outcome of outcomes) {
    yield outcome;
    const { folder } = sources[next++]!;
    if (folder === undefined) continue;
    const nothing = foundNothing.get(folder) ?? true;
    foundNothing.set(folder, nothing && outcome.kind === 'skipped');
  }
  for (const [model, nothing] of foundNothing) {
    if (!nothing) continue;
    const error = new NnMeterError('E_FILE', `no file in the folder "${model}" is a known model`, {
      where: { file: model },
    });
    yield { kind: 'failed', model, type: null, failure: describeFailure(error) };
  }
}

/** Reads one model and works on it; never throws. */
export async function processSource<Model extends TypedGraph, Result>(
  source: Source,
  read: Read<Model>,
  work: (model: Model, source: Source) => Result | Promise<Result>,
): Promise<Outcome<Result>> {
  const { model, type, failure } = source;
  if (failure !== undefined) return { kind: 'failed', model, type: type ?? null, failure };
  try {
    const found = await read(source);
    const result = await work(found, source);
    return { kind: 'succeeded', model, type: found.type, result };
  } catch (cause) {
    const reason = await reasonToSkip(source, cause);
    if (reason !== undefined) return { kind: 'skipped', model, reason };
    const format = cause instanceof NnMeterError ? cause.where.format : undefined;
    const failure = describeFailure(cause);
    return { kind: 'failed', model, type: type ?? format ?? null, failure, stack: stackOf(cause) };
  }
}

/** Why a file that could not be read is none that was asked for; undefined if it is one. */
async function reasonToSkip(
  { model, type, folder, optional }: Source,
  cause: unknown,
): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  if (type === undefined && optional && isUnrecognised(cause)) return 'is no known kind of model';
  const found = await stat(model).catch(() => undefined);
  if (found === undefined) {
    const entry = await lstat(model).catch(() => undefined);
    return entry?.isSymbolicLink() ? 'is a link that leads nowhere' : undefined;
  }
  if (found.isFile()) return found.size === 0 ? 'is empty' : undefined;
  return found.isDirectory() ? undefined : 'is a device, a pipe or a socket';
}
