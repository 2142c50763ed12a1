import { type ErrorHint, type ErrorPlace, type HintFacts, NnMeterError } from '@nnmeter/ir';
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

/** What an interface tells its users to do, by what a hint is about; `text` is the hint in the words of the library. */
export type HintWords = {
  readonly [Kind in keyof HintFacts]: (fact: HintFacts[Kind], text: string) => string;
};

/** Longest error message shown; longer ones quote a huge name out of a file. */
const MAX_MESSAGE_LENGTH = 1000;

/**
 * Says in one line what went wrong, whatever was thrown; what is no NnMeterError is a defect, E_INTERNAL.
 * @param words of the interface; default: those of the library
 */
export function failureToJson(error: unknown, words?: HintWords): FailureJson {
  const { message, ...failure } = classify(error, words);
  return {
    ...failure,
    message: shortenMiddle(message.replace(/\s+/g, ' ').trim(), MAX_MESSAGE_LENGTH),
  };
}

function classify(error: unknown, words: HintWords | undefined): FailureJson {
  if (!(error instanceof NnMeterError)) {
    const message = error instanceof Error ? error.message : String(error);
    return { code: 'E_INTERNAL', message: `internal error: ${message}; please report it` };
  }
  const { code, problem, where } = error;
  const hint = error.hint && wordHint(error.hint, words);
  const isPlaced = Object.keys(where).length > 0;
  return {
    code,
    message: hint === undefined ? problem : `${problem}; ${hint}`,
    ...(isPlaced && { where }),
    ...(hint !== undefined && { hint }),
  };
}

function wordHint({ text, ...facts }: ErrorHint, words: HintWords | undefined): string {
  const known: Partial<HintFacts> = facts;
  const word = <Kind extends keyof HintFacts>(kind: Kind): string | undefined => {
    const fact = known[kind];
    return fact === undefined ? undefined : words?.[kind](fact, text);
  };
  const [kind] = Object.keys(known) as (keyof HintFacts)[];
  return (kind && word(kind)) ?? text;
}
