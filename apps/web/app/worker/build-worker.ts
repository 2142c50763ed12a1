import { buildPredictor, describeOutcome, STEP_NAMES } from '@nnmeter/builder';
import { NnMeterError } from '@nnmeter/ir';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import { failureToJson } from '@nnmeter/report';
import { workerRunner } from '@nnmeter/runners/onnxruntime';
import type { BuildRequest, BuildResponse, BuiltDevice } from '../protocol.ts';
import { openJournal } from './browser-journal.ts';
import { browserName } from './browser-name.ts';
import { WORDS } from './words.ts';

/** Builds a predictor of this browser, once; who wants it to stop ends it. */

self.addEventListener('message', async ({ data }: MessageEvent<BuildRequest>) => {
  try {
    respond({ kind: 'built', built: await alone(() => build(data)) });
  } catch (error) {
    respond({ kind: 'failure', failure: failureToJson(error, WORDS) });
  }
});

async function build({ name, budget, resume }: BuildRequest): Promise<BuiltDevice> {
  const runner = workerRunner({
    start: () => new Worker(new URL('./runtime-worker.ts', import.meta.url), { type: 'module' }),
    facts: { browser: browserName(navigator), threads: navigator.hardwareConcurrency },
  });
  const built = await buildPredictor({
    name,
    runner,
    journal: (header) => openJournal(header, resume),
    // Of the measured devices the one with WebAssembly's kind of processor.
    known: [cortexA76],
    ...budget,
    onProgress: ({ step, done, secondsLeft }) => {
      const seconds = performance.now() / 1000;
      const share = seconds / (seconds + secondsLeft);
      respond({ kind: 'progress', progress: { step: STEP_NAMES[step], done, secondsLeft, share } });
    },
  });
  await runner.close();
  const { definition, notes } = built;
  const outcome = describeOutcome(definition.manifest);
  return { definition, outcome, notes, files: built.files() };
}

/** Two at once would measure each other; pages without https are not told of others. */
async function alone<T>(work: () => Promise<T>): Promise<T> {
  if (navigator.locks === undefined) return work();
  return navigator.locks.request('nn-meter build', { ifAvailable: true }, (lock) => {
    if (lock !== null) return work();
    throw new NnMeterError('E_USAGE', 'another tab of this page is measuring', {
      hint: 'wait until it is done, or stop it there',
    });
  });
}

function respond(response: BuildResponse): void {
  self.postMessage(response);
}
