/** The scripts of worker threads; the build of this package makes a file of each. */
export type WorkerName = 'predict' | 'eval' | 'serve' | 'table';

export function workerScript(name: WorkerName): URL {
  return new URL(`./${name}-worker.js`, import.meta.url);
}
