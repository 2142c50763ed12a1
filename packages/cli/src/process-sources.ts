import { type Graph, NnMeterError, type ReadOptions } from '@nnmeter/ir';
import { isUnrecognised, readModelFile } from '@nnmeter/predictor';
import { describeFailure, type Failure, stackOf } from './failure.ts';
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
  readonly failure: Failure;
  /** Of what was thrown, for --verbose. */
  readonly stack?: string | undefined;
}

/** A file in a mixed folder that is no model. */
export interface Skipped {
  readonly kind: 'skipped';
  readonly model: string;
}

/** Reads one model after the other and works on it; whatever happens to one, the next comes. */
export async function* processSources<Result>(
  sources: readonly Source[],
  options: ReadOptions,
  work: (graph: Graph, source: Source, type: string) => Result | Promise<Result>,
): AsyncGenerator<Outcome<Result>> {
  async function* outcomes() {
    for (const source of sources) yield processSource(source, options, work);
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
    const { mixedFolder } = sources[next++]!;
    if (mixedFolder === undefined) continue;
    const nothing = foundNothing.get(mixedFolder) ?? true;
    foundNothing.set(mixedFolder, nothing && outcome.kind === 'skipped');
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
export async function processSource<Result>(
  source: Source,
  options: ReadOptions,
  work: (graph: Graph, source: Source, type: string) => Result | Promise<Result>,
): Promise<Outcome<Result>> {
  const { model, type, failure, optional } = source;
  if (failure !== undefined) return { kind: 'failed', model, type: type ?? null, failure };
  try {
    const read = await readModelFile(model, type, options);
    const result = await work(read.graph, source, read.type);
    return { kind: 'succeeded', model, type: read.type, result };
  } catch (cause) {
    if (type === undefined && optional && isUnrecognised(cause)) return { kind: 'skipped', model };
    const format = cause instanceof NnMeterError ? cause.where.format : undefined;
    const failure = describeFailure(cause);
    return { kind: 'failed', model, type: type ?? format ?? null, failure, stack: stackOf(cause) };
  }
}
