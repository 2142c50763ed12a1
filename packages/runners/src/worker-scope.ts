import { NnMeterError } from '@nnmeter/ir';
import { type Clock, clockStep } from './clock.ts';
import {
  measureOnnx,
  type OnnxMeasureOptions,
  type OnnxRuntime,
  runProfiled,
  runtimeVersion,
} from './onnx-session.ts';
import type { RunnerResult } from './runner.ts';
import { type Answer, answerOf } from './serving.ts';

export type WorkerRequest =
  | { readonly kind: 'facts' }
  | {
      readonly kind: 'measure';
      readonly bytes: Uint8Array;
      readonly runs: number;
      readonly warmups: number;
      readonly threads: number;
      /** Whether to run it again and profile that. */
      readonly profiles: boolean;
    };

export interface WorkerFacts {
  readonly version: string | undefined;
  readonly clockStepMs: number;
}

export interface WorkerMeasurement {
  readonly result: RunnerResult;
  /** As ONNX Runtime prints it. */
  readonly profile?: string;
}

/** What is used of the global scope of a worker. */
export interface WorkerScope {
  postMessage(message: Answer): void;
  addEventListener(
    type: 'message',
    listener: (event: { readonly data: WorkerRequest }) => void,
  ): void;
}

/** Browsers that protect against fingerprinting tell the time in steps of 16 or 100 ms. */
const MAX_STEP_MS = 5;

/**
 * Answers a `workerRunner`, in a worker that does nothing else: `console.log` is taken, since onnxruntime-web prints profiles.
 * @param scope `self`
 * @param load gives the module onnxruntime-web when it is first needed
 */
export function serveOnnxRuntime(scope: WorkerScope, load: () => Promise<OnnxRuntime>): void {
  const printed: string[] = [];
  // The first session keeps the console as it is then.
  console.log = (...words: unknown[]) => {
    printed.push(`${words.join(' ')}\n`);
  };
  let loaded: Promise<{ readonly runtime: OnnxRuntime; readonly clock: Clock }> | undefined;
  const start = async () => {
    const clock = makeClock();
    return { runtime: await load(), clock };
  };
  const serve = async (request: WorkerRequest): Promise<WorkerFacts | WorkerMeasurement> => {
    loaded ??= start();
    const { runtime, clock } = await loaded;
    if (request.kind === 'facts')
      return { version: runtimeVersion(runtime), clockStepMs: clock.stepMs };
    const { bytes, runs, warmups, threads, profiles } = request;
    const options: OnnxMeasureOptions = { runs, warmups, threads, executionProvider: 'wasm' };
    const result = await measureOnnx(runtime, bytes, options, clock);
    if (!profiles) return { result };
    printed.length = 0;
    await runProfiled(runtime, bytes, options, {});
    return { result, profile: printed.splice(0).join('') };
  };
  scope.addEventListener('message', async ({ data }) => {
    scope.postMessage(await answerOf(() => serve(data)));
  });
}

/** @throws NnMeterError E_RUNNER if its steps are too coarse to measure with */
function makeClock(): Clock {
  const wallMs = (): number => performance.now();
  const stepMs = clockStep(wallMs);
  if (stepMs <= MAX_STEP_MS) return { stepMs, wallMs };
  throw new NnMeterError(
    'E_RUNNER',
    `the clock of this browser moves in steps of ${stepMs.toPrecision(3)} ms, too coarse to measure with`,
    { hint: 'turn its protection against fingerprinting off for this page' },
  );
}
