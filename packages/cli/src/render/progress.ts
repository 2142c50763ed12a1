import { formatTimeLeft } from '@nnmeter/report';

/** Shows how far a long run has come, on stderr; the results on stdout keep their own lines. */
export interface Progress {
  advance(amount: number): void;
  /** Takes the bar off the screen before something else is printed. */
  clear(): void;
  stop(): void;
}

const NONE: Progress = { advance() {}, clear() {}, stop() {} };

const FORMATS = {
  models: '{bar} {value}/{total} models, {duration_formatted}, {eta_formatted} to go',
  bytes: '{bar} {percentage} %, {duration_formatted}, {eta_formatted} to go',
};

/** @param total amount to come; a bar is worth showing from 2 on */
export async function startProgress(
  total: number,
  unit: keyof typeof FORMATS,
  visible: boolean,
): Promise<Progress> {
  if (!visible || total < 2) return NONE;
  const { default: cliProgress } = await import('cli-progress');
  const bar = new cliProgress.SingleBar(
    { format: FORMATS[unit], barsize: 24, clearOnComplete: true, stream: process.stderr },
    cliProgress.Presets.legacy,
  );
  bar.start(total, 0);
  return {
    advance: (amount) => bar.increment(amount),
    clear: () => process.stderr.write('\r\u001b[K'),
    stop: () => bar.stop(),
  };
}

/** Shows the steps of a long run, on stderr: a bar on a terminal, elsewhere a line for each step. */
export interface StepProgress {
  /** @param secondsLeft until the end, about */
  show(step: string, done: number, total: number, secondsLeft: number): void;
  stop(): void;
}

const STEP_FORMAT = '{bar} {step}: {value}/{total}, {left} to go';

/** @param note writes a line to stderr */
export async function startSteps(
  visible: boolean,
  note: (text: string) => void,
): Promise<StepProgress> {
  if (!visible) {
    let last: string | undefined;
    return {
      show(step, _done, _total, secondsLeft) {
        if (step !== last) note(`nn-meter: ${step}, ${formatTimeLeft(secondsLeft)} to go`);
        last = step;
      },
      stop() {},
    };
  }
  const { default: cliProgress } = await import('cli-progress');
  const bar = new cliProgress.SingleBar(
    { format: STEP_FORMAT, barsize: 24, clearOnComplete: true, stream: process.stderr },
    cliProgress.Presets.legacy,
  );
  bar.start(1, 0, { step: '', left: '' });
  return {
    show(step, done, total, secondsLeft) {
      bar.setTotal(total);
      bar.update(done, { step, left: formatTimeLeft(secondsLeft) });
    },
    stop: () => bar.stop(),
  };
}
