import type { BuildProgress, BuildRequest, BuildResponse, BuiltDevice } from '../protocol.ts';
import { WorkerFailure } from './worker-client.ts';

/** A build in a worker of its own. */
export interface RunningBuild {
  /** @throws WorkerFailure */
  readonly result: Promise<BuiltDevice>;
  /** Ends it at once; what was measured is kept. */
  stop(): void;
}

/** Starts to build a predictor of this browser. */
export function startBuild(
  request: BuildRequest,
  onProgress: (progress: BuildProgress) => void,
): RunningBuild {
  const worker = new Worker(new URL('../worker/build-worker.ts', import.meta.url), {
    type: 'module',
  });
  const result = new Promise<BuiltDevice>((resolve, reject) => {
    worker.addEventListener('message', ({ data }: MessageEvent<BuildResponse>) => {
      if (data.kind === 'progress') return onProgress(data.progress);
      worker.terminate();
      if (data.kind === 'built') resolve(data.built);
      else reject(new WorkerFailure(data.failure));
    });
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      worker.terminate();
      const message =
        'the part of this page that measures does not run; check the network and try again';
      reject(new WorkerFailure({ code: 'E_MISSING_PACKAGE', message }));
    });
    worker.postMessage(request);
  });
  return { result, stop: () => worker.terminate() };
}
