import { type ErrorHint, type ErrorPlace, NnMeterError } from '@nnmeter/ir';
import { shortenMiddle } from './format.ts';

/** What JSON output says about something that failed; `failure` in schema/predict.schema.json. */
export interface FailureJson {
  readonly code: string;
  /** What is wrong, where, and what to do. */
  readonly message: string;
  readonly where?: ErrorPlace;
  /** What to do, also in the message. */
  readonly hint?: string;
}

/** Longest error message shown; longer ones quote a huge name out of a file. */
const MAX_MESSAGE_LENGTH = 1000;

/**
 * Says in one line what went wrong, whatever was thrown; what is no NnMeterError is a defect, E_INTERNAL.
 * @param wordHint says what to do, in the words of those who will read it
 */
export function failureToJson(
  error: unknown,
  wordHint: (hint: ErrorHint) => string = ({ text }) => text,
): FailureJson {
  const { message, ...failure } = classify(error, wordHint);
  return {
    ...failure,
    message: shortenMiddle(message.replace(/\s+/g, ' ').trim(), MAX_MESSAGE_LENGTH),
  };
}

function classify(error: unknown, wordHint: (hint: ErrorHint) => string): FailureJson {
  if (!(error instanceof NnMeterError)) {
    const message = error instanceof Error ? error.message : String(error);
    return { code: 'E_INTERNAL', message: `internal error: ${message}; please report it` };
  }
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
