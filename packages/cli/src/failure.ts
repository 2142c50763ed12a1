import { describeFileError, fileError } from '@nnmeter/files';
import { NnMeterError, quote } from '@nnmeter/ir';
import { type FailureJson, failureToJson, type HintWords } from '@nnmeter/report';

/** The stack trace of what was thrown, if it has one. */
export function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}

/** Says what went wrong in one line, whatever was thrown. */
export function describeFailure(error: unknown): FailureJson {
  const failure = failureToJson(recognise(error), WORDS);
  return failure.code === 'E_INTERNAL'
    ? { ...failure, message: `${failure.message} with the output of --verbose` }
    : failure;
}

/** What Node throws, as an NnMeterError if its reason is known. */
function recognise(error: unknown): unknown {
  if (error instanceof NnMeterError || !(error instanceof Error)) return error;
  const { code, path } = error as NodeJS.ErrnoException;
  if (path !== undefined && describeFileError(error) !== undefined) {
    return fileError('open', path, error);
  }
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'EMFILE') {
    const problem = `a part of nn-meter cannot be loaded: ${error.message}`;
    const hint = 'install it again, or allow more open files (ulimit -n 256)';
    return new NnMeterError('E_MISSING_PACKAGE', problem, { hint, cause: error });
  }
  return error;
}

/** The command that downloads a predictor. */
export function pullCommand({ predictor }: { readonly predictor: string }): string {
  return `nn-meter predictors pull ${predictor}`;
}

/** What to do, in the words of the command line. */
const WORDS: HintWords = {
  inputShapes(inputShapes) {
    const options = Object.entries(inputShapes).map(
      ([input, shape]) => `--input-shape ${quote(input).slice(1, -1)}=${shape.join(',')}`,
    );
    return `give its shape, in the model's own order of axes: ${options.join(' ')}`;
  },
  download(wanted) {
    if (wanted === 'dataset') return 'run: nn-meter dataset pull';
    return `run: ${pullCommand(wanted)}, or import its zip: nn-meter predictors import FILE`;
  },
  signatures: () => 'name one with --signature',
  versions: () => 'name one with --predictor-version',
  types: (_types, text) => text,
};
