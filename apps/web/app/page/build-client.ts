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
  const end = new AbortController();
  // What was sent before it ended may still arrive.
  const { signal } = end;
  const stop = (): void => {
    end.abort();
    worker.terminate();
  };
  const result = new Promise<BuiltDevice>((resolve, reject) => {
    const take = ({ data }: MessageEvent<BuildResponse>): void => {
      if (data.kind === 'progress') {
        onProgress(data.progress);
        return;
      }
      stop();
      if (data.kind === 'built') resolve(data.built);
      else reject(new WorkerFailure(data.failure));
    };
    const fail = (event: ErrorEvent): void => {
      event.preventDefault();
      stop();
      const message =
        'the part of this page that measures does not run; check the network and try again';
      reject(new WorkerFailure({ code: 'E_MISSING_PACKAGE', message }));
    };
    worker.addEventListener('message', take, { signal });
    worker.addEventListener('error', fail, { signal });
    worker.postMessage(request);
  });
  return { result, stop };
}
