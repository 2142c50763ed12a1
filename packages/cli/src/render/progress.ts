/** Shows how far a batch has come, on stderr; the results on stdout keep their own lines. */
export interface Progress {
  step(): void;
  /** Takes the bar off the screen before something else is printed. */
  clear(): void;
  stop(): void;
}

const NONE: Progress = { step() {}, clear() {}, stop() {} };

/** @param total models to come; a bar is worth showing from 2 on */
export async function startProgress(total: number, visible: boolean): Promise<Progress> {
  if (!visible || total < 2) return NONE;
  const { default: cliProgress } = await import('cli-progress');
  const bar = new cliProgress.SingleBar(
    {
      format: '{bar} {value}/{total} models, {duration_formatted}, {eta_formatted} to go',
      barsize: 24,
      clearOnComplete: true,
      hideCursor: false,
      stream: process.stderr,
    },
    cliProgress.Presets.legacy,
  );
  bar.start(total, 0);
  return {
    step: () => bar.increment(),
    clear: () => process.stderr.write('\r\u001b[K'),
    stop: () => bar.stop(),
  };
}
