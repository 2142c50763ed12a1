import type { FailureJson } from '@nnmeter/report';

/** A request, whatever it came by. */
export interface Call {
  readonly method: string;
  /** The parameters as JSON text; without it there are `params`, or none. */
  readonly json?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** The content of the model's file, in place of a parameter that names the model. */
  readonly bytes?: Uint8Array;
}

/** The response to a {@link Call}. */
export interface Answer {
  /** The result, or the error, as JSON text. */
  readonly json: string;
  /** Of the error, if it is one. */
  readonly code?: string;
}

/** What answers calls: a service in this thread, or in others. */
export interface Engine {
  /** @throws NnMeterError E_BUSY, E_TIMEOUT, E_LIMIT */
  answer(call: Call): Promise<Answer>;
  /** Calls that are worked on. */
  readonly running: number;
  /** Calls that wait. */
  readonly waiting: number;
}

export function success(result: unknown): Answer {
  return { json: JSON.stringify(result) };
}

export function failed(failure: FailureJson): Answer {
  return { json: JSON.stringify(failure), code: failure.code };
}
