/** The script of a worker thread; the build of this package makes a file of each. */
export function workerScript(name: 'predict' | 'eval' | 'serve'): URL {
  return new URL(`./${name}-worker.js`, import.meta.url);
}
