// The process in which ONNX Runtime measures: node onnxruntime-child.js PATH_OF_MODULE EXECUTION_PROVIDER PATH_OF_STDOUT
import { truncateSync } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { NnMeterError } from '@nnmeter/ir';
import { type Clock, clockStep } from './clock.ts';
import {
  measureOnnx,
  type OnnxRuntime,
  openSession,
  runProfiled,
  runtimeVersion,
} from './onnx-session.ts';
import { answerOf } from './serving.ts';

export type OnnxRequest =
  | { readonly kind: 'facts' }
  | {
      readonly kind: 'measure';
      readonly file: string;
      readonly runs: number;
      readonly warmups: number;
      readonly threads: number;
      /** Where to write the profile of a run of its own, and with onnxruntime-node the optimised models. */
      readonly profilePrefix?: string;
      readonly optimised?: OptimisedFiles;
    }
  | { readonly kind: 'optimise'; readonly file: string; readonly optimised: OptimisedFiles };

/** Paths of optimised models to be written: before and after the layout of the processor is chosen. */
export interface OptimisedFiles {
  readonly extended: string;
  readonly all: string;
}

export interface OnnxFacts {
  readonly version: string | undefined;
  readonly time: 'cpu' | 'wall';
}

type Measure = Extract<OnnxRequest, { kind: 'measure' }>;

/** Processor time that moves in larger steps (Windows: 16 ms) times no single runs. */
const MAX_CPU_STEP_MS = 0.1;

const [path = '', executionProvider = '', stdoutPath = ''] = process.argv.slice(2);
let loaded: { readonly runtime: OnnxRuntime; readonly clock: Clock } | undefined;

function load(): { readonly runtime: OnnxRuntime; readonly clock: Clock } {
  loaded ??= { runtime: loadRuntime(), clock: makeClock() };
  return loaded;
}

function loadRuntime(): OnnxRuntime {
  try {
    return createRequire(import.meta.url)(path) as OnnxRuntime;
  } catch (cause) {
    const { message } = cause as Error;
    throw new NnMeterError('E_RUNNER', `${path} does not load: ${message}`, {
      hint: 'install it anew, for this operating system and processor',
      cause,
    });
  }
}

function makeClock(): Clock {
  const wallMs = () => performance.now();
  const cpuMs = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  const step = clockStep(cpuMs);
  return step > MAX_CPU_STEP_MS ? { stepMs: 0.005, wallMs } : { stepMs: step, wallMs, cpuMs };
}

async function serve(request: OnnxRequest): Promise<unknown> {
  const { runtime, clock } = load();
  switch (request.kind) {
    case 'facts':
      return factsOf(runtime, clock);
    case 'measure':
      return measure(runtime, clock, request);
    case 'optimise':
      return writeOptimised(runtime, request.file, request.optimised);
  }
}

function factsOf(runtime: OnnxRuntime, clock: Clock): OnnxFacts {
  return { version: runtimeVersion(runtime), time: clock.cpuMs === undefined ? 'wall' : 'cpu' };
}

async function measure(runtime: OnnxRuntime, clock: Clock, request: Measure): Promise<unknown> {
  // Only onnxruntime-node reads files.
  const model = executionProvider === 'cpu' ? request.file : await readFile(request.file);
  const options = { ...request, executionProvider };
  const result = await measureOnnx(runtime, model, options, clock);
  const { file, optimised, profilePrefix } = request;
  if (profilePrefix !== undefined) await profile(runtime, model, request, profilePrefix);
  // The other is written by the profiled session.
  if (optimised !== undefined) {
    await writeOptimised(runtime, file, { extended: optimised.extended });
  }
  return result;
}

/** Writes the profile of another session into a file whose name begins as given. */
async function profile(
  runtime: OnnxRuntime,
  model: string | Uint8Array,
  request: Measure,
  profileFilePrefix: string,
): Promise<void> {
  truncateSync(stdoutPath);
  const optimizedModelFilePath = request.optimised?.all;
  await runProfiled(
    runtime,
    model,
    { ...request, executionProvider },
    {
      profileFilePrefix,
      ...(optimizedModelFilePath !== undefined && { optimizedModelFilePath }),
    },
  );
  if (executionProvider === 'cpu') return;
  // WebAssembly prints its profile.
  await copyFile(stdoutPath, `${profileFilePrefix}.json`);
  truncateSync(stdoutPath);
}

async function writeOptimised(
  runtime: OnnxRuntime,
  file: string,
  files: Partial<OptimisedFiles>,
): Promise<void> {
  for (const level of ['extended', 'all'] as const) {
    const optimizedModelFilePath = files[level];
    if (optimizedModelFilePath === undefined) continue;
    const options = { threads: 1, executionProvider };
    const special = { graphOptimizationLevel: level, optimizedModelFilePath };
    const session = await openSession(runtime, file, options, special);
    await session.release?.();
  }
}

// Ctrl-C reaches the whole group of processes; the parent decides.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());
process.on('message', async (request: OnnxRequest) => {
  process.send!(await answerOf(() => serve(request)));
});
