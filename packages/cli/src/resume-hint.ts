import { NnMeterError } from '@nnmeter/ir';

/** What to throw in place of an error: its hint about resuming is in the words of the command line. */
export function withResumeFlag(error: unknown): unknown {
  if (!(error instanceof NnMeterError) || !/\bresume\b/.test(error.hint?.text ?? '')) return error;
  const { code, problem, where, hint } = error;
  return new NnMeterError(code, problem, {
    where,
    hint: `${hint!.text} (the same command with --resume)`,
    cause: error,
  });
}
