import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Report } from './child.ts';
import type { Verdict } from './judge.ts';

/** Wall time of one input, and of loading what is needed before the first. */
const WATCHDOG_MS = 5000;
const START_MS = 120_000;

const CHILD = fileURLToPath(new URL('child.js', import.meta.url));

export interface RunOptions {
  readonly format: string;
  readonly seed: number;
  readonly seconds: number;
  /** Folder for temporary files; what a killed child leaves there is its parent's to delete. */
  readonly temporary: string;
  readonly onVerdict: (index: number, verdict: Verdict) => void;
}

/** Judges mutants for some seconds, in children that are replaced when they hang, crash or have grown. */
export async function run(options: RunOptions): Promise<void> {
  const end = Date.now() + 1000 * options.seconds;
  let next = 0;
  while (Date.now() < end) next = await runChild(options, next, end);
}

/** @returns the index of the first input that was not judged */
function runChild(options: RunOptions, first: number, end: number): Promise<number> {
  const { format, seed, temporary, onVerdict } = options;
  const child = fork(CHILD, [format, String(seed), String(first)], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    execArgv: ['--max-old-space-size=2048'],
  });
  return new Promise((resolve, reject) => {
    let next = first;
    let isReady = false;
    let errors = '';
    const stop = (verdict?: Verdict): void => {
      clearTimeout(watchdog);
      clearTimeout(deadline);
      child.removeAllListeners();
      endOf(child, () => {
        if (verdict !== undefined) onVerdict(next++, verdict);
        resolve(next);
      });
    };
    const tooLong = (): void =>
      isReady
        ? stop(violated('watchdog', `it took more than ${WATCHDOG_MS} ms`, ''))
        : reject(new Error(`the child did not start in ${START_MS} ms`));
    let watchdog = setTimeout(tooLong, START_MS);
    const deadline = setTimeout(stop, Math.max(0, end - Date.now()));
    child.stderr!.on('data', (text) => {
      errors = `${errors}${text}`.slice(-2000);
    });
    child.on('message', (report: Report) => {
      clearTimeout(watchdog);
      watchdog = setTimeout(tooLong, WATCHDOG_MS);
      isReady = true;
      if (report === 'ready') return;
      onVerdict(report.index, report.verdict);
      next = report.index + 1;
      // A peak hides later ones.
      if (report.verdict.outcome === 'violated' && report.verdict.oracle === 'memory') stop();
    });
    child.on('exit', (code, signal) => {
      if (!isReady) reject(new Error(`the child did not start: ${errors}`));
      else stop(violated('crash', `the process ended with ${code ?? signal}`, errors));
    });
  });
}

function violated(oracle: 'watchdog' | 'crash', message: string, stack: string): Verdict {
  return { outcome: 'violated', oracle, message, stack };
}

/** Ends a child and calls back when it has ended. */
function endOf(child: ChildProcess, ended: () => void): void {
  if (child.exitCode !== null || child.signalCode !== null) ended();
  else {
    child.once('exit', ended);
    child.kill('SIGKILL');
  }
}
