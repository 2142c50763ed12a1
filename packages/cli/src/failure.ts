import { describeFileError, fileError } from '@nnmeter/files';
import { type ErrorHint, type ErrorPlace, NnMeterError, quote } from '@nnmeter/ir';
import { shortenMiddle } from '@nnmeter/report';

/** What the JSON output says about something that failed. */
export interface Failure {
  readonly code: string;
  /** What is wrong, where, and what to do. */
  readonly message: string;
  readonly where?: ErrorPlace;
  /** What to do, also in the message. */
  readonly hint?: string;
}

/** Longest error message shown; longer ones quote a huge name out of a file. */
const MAX_MESSAGE_LENGTH = 1000;

/** The stack trace of what was thrown, if it has one. */
export function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}

/** Says what went wrong in one line, whatever was thrown. */
export function describeFailure(error: unknown): Failure {
  const { message, ...failure } = classify(error);
  return {
    ...failure,
    message: shortenMiddle(message.replace(/\s+/g, ' ').trim(), MAX_MESSAGE_LENGTH),
  };
}

function classify(error: unknown): Failure {
  if (error instanceof NnMeterError) {
    const { code, problem, where } = error;
    const hint = error.hint && wordHint(error.hint);
    const isPlaced = Object.keys(where).length > 0;
    return {
      code,
      message: hint === undefined ? problem : `${problem}; ${hint}`,
      ...(isPlaced && { where }),
      ...(hint !== undefined && { hint }),
    };
  }
  if (error instanceof Error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (path !== undefined && describeFileError(error) !== undefined) {
      return classify(fileError('open', path, error));
    }
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'EMFILE') {
      return {
        code: 'E_MISSING_PACKAGE',
        message: `a part of nn-meter cannot be loaded: ${error.message}; install it again, or allow more open files (ulimit -n 256)`,
      };
    }
  }
  return {
    code: 'E_INTERNAL',
    message: `internal error: ${error instanceof Error ? error.message : String(error)}; please report it with the output of --verbose`,
  };
}

/** The command that downloads a predictor. */
export function pullCommand({ predictor }: { readonly predictor: string }): string {
  return `nn-meter predictors pull ${predictor}`;
}

/** What to do, in the words of the command line. */
function wordHint({ text, inputShapes, download, versions, signatures }: ErrorHint): string {
  if (inputShapes !== undefined) {
    const options = Object.entries(inputShapes).map(
      ([input, shape]) => `--input-shape ${quote(input).slice(1, -1)}=${shape.join(',')}`,
    );
    return `give its shape, in the model's own order of axes: ${options.join(' ')}`;
  }
  if (download === 'dataset') return 'run: nn-meter dataset pull';
  if (download !== undefined) {
    return `run: ${pullCommand(download)}, or import its zip: nn-meter predictors import FILE`;
  }
  if (signatures !== undefined) return 'name one with --signature';
  return versions === undefined ? text : 'name one with --predictor-version';
}
