import { printable } from '@nnmeter/report';
import type { Failed, Outcome, Succeeded } from './process-sources.ts';
import { startProgress } from './render/progress.ts';
import type { Terminal } from './terminal.ts';

/** Where the results of a batch go. */
export interface BatchOutput<Result> {
  succeeded(outcome: Succeeded<Result>): Promise<void> | void;
  failed?(outcome: Failed): Promise<void> | void;
  /** Called last, also if the batch was broken off. */
  end?(): Promise<void>;
}

/** Hands results to an output as they come, with failures and notes on stderr. @returns the exit code */
export async function runBatch<Result>(
  outcomes: AsyncIterable<Outcome<Result>>,
  total: number,
  output: BatchOutput<Result>,
  terminal: Terminal,
): Promise<number> {
  const progress = await startProgress(total, 'models', terminal.showsProgress);
  let exitCode = 0;
  try {
    for await (const outcome of outcomes) {
      progress.clear();
      if (outcome.kind === 'succeeded') {
        await output.succeeded(outcome);
      } else if (outcome.kind === 'failed') {
        exitCode = 1;
        reportFailed(outcome, terminal);
        await output.failed?.(outcome);
      } else {
        terminal.note(
          `nn-meter: warning: skipped ${printable(outcome.model)}, which ${outcome.reason}`,
        );
      }
      progress.advance(1);
    }
  } finally {
    progress.stop();
    await output.end?.();
  }
  return exitCode;
}

function reportFailed({ model, failure, stack }: Failed, terminal: Terminal): void {
  const isNamed = failure.where?.file !== undefined || failure.where?.list !== undefined;
  const message = isNamed ? failure.message : `${model}: ${failure.message}`;
  terminal.error({ ...failure, message }, stack);
}
