import { NnMeterError, quote } from '@nnmeter/ir';
import type { Clock } from './clock.ts';
import { type OnnxInput, readOnnxFile } from './onnx-file.ts';
import type { MeasureOptions, RunnerResult } from './runner.ts';
import { resultOf, type Samples } from './samples.ts';

/** What is used of the JavaScript API of ONNX Runtime, which onnxruntime-node and onnxruntime-web have in common. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(model: string, options: SessionOptions): Promise<OnnxSession>;
    create(model: Uint8Array, options: SessionOptions): Promise<OnnxSession>;
  };
  readonly Tensor: abstract new (...parameters: never[]) => unknown;
}

/** The version that the module says it is. */
export function runtimeVersion(runtime: OnnxRuntime): string | undefined {
  const { env } = runtime as {
    readonly env?: { readonly versions?: { readonly common?: string } };
  };
  return env?.versions?.common;
}

export interface SessionOptions {
  readonly executionProviders: readonly string[];
  readonly intraOpNumThreads: number;
  readonly interOpNumThreads: number;
  readonly executionMode: 'sequential';
  readonly graphOptimizationLevel: 'extended' | 'all';
  readonly logSeverityLevel: 3;
  readonly optimizedModelFilePath?: string;
  readonly enableProfiling?: boolean;
  readonly profileFilePrefix?: string;
}

export interface OnnxSession {
  /** @param feeds tensors of the module that made it */
  run(feeds: Readonly<Record<string, unknown>>): Promise<unknown>;
  endProfiling(): void;
  release?(): Promise<void>;
}

export interface OnnxMeasureOptions extends Pick<MeasureOptions, 'runs' | 'warmups' | 'threads'> {
  /** `cpu` (onnxruntime-node) or `wasm` (onnxruntime-web). */
  readonly executionProvider: string;
}

/**
 * Measures an ONNX model in this process. Inputs are filled with the same numbers every time.
 * @param runtime the module `onnxruntime-node` or `onnxruntime-web`
 * @param model the file's bytes, or its path with onnxruntime-node
 * @throws NnMeterError E_RUNNER if the runtime refuses the model, or the times it took cannot be
 */
export async function measureOnnx(
  runtime: OnnxRuntime,
  model: Uint8Array | string,
  options: OnnxMeasureOptions,
  clock: Clock,
): Promise<RunnerResult> {
  const session = await openSession(runtime, model, options);
  try {
    const feeds = await makeFeeds(runtime, model);
    const run = () => refusals('run', () => session.run(feeds));
    return resultOf(await timeRuns(run, options, clock));
  } finally {
    await session.release?.();
  }
}

/** Runs a model in a session that profiles, and has it write the profile. @throws NnMeterError E_RUNNER */
export async function runProfiled(
  runtime: OnnxRuntime,
  model: Uint8Array | string,
  options: OnnxMeasureOptions,
  special: Partial<SessionOptions>,
): Promise<void> {
  const session = await openSession(runtime, model, options, { ...special, enableProfiling: true });
  try {
    const feeds = await makeFeeds(runtime, model);
    for (let count = 0; count < options.warmups + options.runs; count++) {
      await refusals('run', () => session.run(feeds));
    }
    session.endProfiling();
  } finally {
    await session.release?.();
  }
}

/** Loads a model. @throws NnMeterError E_RUNNER */
export function openSession(
  runtime: OnnxRuntime,
  model: Uint8Array | string,
  options: Pick<OnnxMeasureOptions, 'threads' | 'executionProvider'>,
  special: Partial<SessionOptions> = {},
): Promise<OnnxSession> {
  const all: SessionOptions = {
    executionProviders: [options.executionProvider],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    ...special,
  };
  return refusals('load', () =>
    // Two overloads, which take no union.
    typeof model === 'string'
      ? runtime.InferenceSession.create(model, all)
      : runtime.InferenceSession.create(model, all),
  );
}

async function refusals<T>(what: 'load' | 'run', body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (cause) {
    const { message = String(cause) } = cause as Error;
    throw new NnMeterError('E_RUNNER', `ONNX Runtime cannot ${what} the model: ${message.trim()}`, {
      cause,
    });
  }
}

/** Arrays that ONNX Runtime takes, by TensorProto.DataType. */
const ARRAYS: Readonly<Record<number, { type: string; make(length: number): ArrayBufferView }>> = {
  1: { type: 'float32', make: (length) => Float32Array.from({ length }, pixel) },
  2: { type: 'uint8', make: (length) => new Uint8Array(length) },
  3: { type: 'int8', make: (length) => new Int8Array(length) },
  6: { type: 'int32', make: (length) => new Int32Array(length) },
  7: { type: 'int64', make: (length) => new BigInt64Array(length) },
  9: { type: 'bool', make: (length) => new Uint8Array(length) },
  10: { type: 'float16', make: (length) => new Uint16Array(length) },
  11: { type: 'float64', make: (length) => Float64Array.from({ length }, pixel) },
};

/** Numbers from 0 to 1 without a pattern: no zeros that a runtime might step over. */
function pixel(_: unknown, index: number): number {
  return ((index + 1) * 0.6180339887498949) % 1;
}

/** Tensors for all inputs of a model. @throws NnMeterError E_RUNNER if shapes or types of them are not known */
export async function makeFeeds(
  runtime: OnnxRuntime,
  model: Uint8Array | string,
): Promise<Record<string, unknown>> {
  const { inputs } = await readOnnxFile(model);
  return Object.fromEntries(inputs.map((input) => [input.name, makeTensor(runtime, input)]));
}

function makeTensor(runtime: OnnxRuntime, { name, elementType, shape }: OnnxInput): unknown {
  const array = ARRAYS[elementType];
  if (array === undefined || shape.includes(-1)) {
    const what = array === undefined ? 'is of a type that is not fed' : 'has no fixed shape';
    throw new NnMeterError('E_RUNNER', `input ${quote(name)} of the model ${what}`, {
      where: { input: name },
    });
  }
  const Tensor = runtime.Tensor as unknown as new (
    type: string,
    data: ArrayBufferView,
    shape: readonly number[],
  ) => unknown;
  const length = shape.reduce((product, extent) => product * extent, 1);
  return new Tensor(array.type, array.make(length), shape);
}

/** A sample lasts so many steps of the clock at least, so that it is known to 2 %. */
const STEPS = 50;
/** Where samples take long because the clock is coarse, all of them together take no longer, but for the least. */
const MOST_MS = 500;
const LEAST_SAMPLES = 5;

/** Times of one run each; runs too short for the clock are timed several at a time. */
async function timeRuns(
  run: () => Promise<unknown>,
  { runs, warmups, threads }: OnnxMeasureOptions,
  clock: Clock,
): Promise<Samples> {
  let fastest = Infinity;
  for (let count = 0; count < Math.max(1, warmups); count++) {
    const start = clock.wallMs();
    await run();
    fastest = Math.min(fastest, clock.wallMs() - start);
  }
  const atOnce = Math.ceil((STEPS * clock.stepMs) / Math.max(fastest, clock.stepMs));
  const coarse = Math.max(LEAST_SAMPLES, Math.floor(MOST_MS / (STEPS * clock.stepMs)));
  const samples = atOnce === 1 ? runs : Math.min(runs, coarse);
  const wallMs: number[] = [];
  const cpuMs: number[] = [];
  for (let count = 0; count < samples; count++) {
    const [wallStart, cpuStart] = [clock.wallMs(), clock.cpuMs?.()];
    for (let index = 0; index < atOnce; index++) await run();
    const [wallEnd, cpuEnd] = [clock.wallMs(), clock.cpuMs?.()];
    wallMs.push((wallEnd - wallStart) / atOnce);
    if (cpuStart !== undefined) cpuMs.push((cpuEnd! - cpuStart) / atOnce);
  }
  return { wallMs, ...(threads === 1 && cpuMs.length > 0 && { cpuMs }) };
}
