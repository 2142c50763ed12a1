/** Stable machine-readable reasons; a tool may switch on them. */
export type ErrorCode =
  | 'E_INVALID_GRAPH'
  | 'E_INVALID_INPUT'
  | 'E_UNSUPPORTED_FORMAT'
  | 'E_UNSUPPORTED_OP'
  | 'E_SHAPE'
  | 'E_MISSING_DIMENSION'
  | 'E_LIMIT'
  | 'E_FILE'
  | 'E_UNKNOWN_PREDICTOR'
  | 'E_UNKNOWN_MODEL'
  | 'E_MISSING_PACKAGE'
  | 'E_WEIGHTS'
  | 'E_MEASUREMENTS'
  | 'E_DOWNLOAD'
  | 'E_USAGE';

/** The one error class of all `@nnmeter` packages: what is wrong, where, and what to do, in one message. */
export class NnMeterError extends Error {
  override readonly name = 'NnMeterError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** A name from a model in quotes for a message, cut if it is very long. */
export function quote(name: string): string {
  return name.length <= 100 ? `"${name}"` : `"${name.slice(0, 60)}...${name.slice(-20)}"`;
}

/** Runs `body`; an NnMeterError from it gets `where` in front of its message. */
export function locateErrors<T>(where: () => string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw error instanceof NnMeterError ? locateError(where(), error) : error;
  }
}

/** What to throw in place of a caught error: an NnMeterError with `where` in front of its message, others as they are. */
export function locateError(where: string, error: unknown): unknown {
  if (!(error instanceof NnMeterError)) return error;
  return new NnMeterError(error.code, `${where}: ${error.message}`, { cause: error });
}
