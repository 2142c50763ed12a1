import type { Shape } from './tensor.ts';

/** Stable machine-readable reasons; a tool may switch on them. */
export type ErrorCode =
  | 'E_INVALID_GRAPH'
  | 'E_INVALID_INPUT'
  | 'E_UNSUPPORTED_FORMAT'
  | 'E_UNSUPPORTED_OP'
  | 'E_SHAPE'
  | 'E_MISSING_DIMENSION'
  | 'E_INCOMPLETE'
  | 'E_LIMIT'
  | 'E_FILE'
  | 'E_UNKNOWN_PREDICTOR'
  | 'E_UNKNOWN_MODEL'
  | 'E_MISSING_PACKAGE'
  | 'E_WEIGHTS'
  | 'E_MEASUREMENTS'
  | 'E_RUNNER'
  | 'E_EVALUATOR'
  | 'E_DOWNLOAD'
  | 'E_BUSY'
  | 'E_TIMEOUT'
  | 'E_USAGE';

/** Where an error arose, as far as it is known. */
export interface ErrorPlace {
  /** A file that lists models (measurements, a dataset), and the line in it, from 1. */
  readonly list?: string;
  readonly line?: number;
  /** The model that the line is about. */
  readonly id?: string;
  /** The model: its path, or the name of its file. */
  readonly file?: string;
  /** The model's format, e.g. `onnx`. */
  readonly format?: string;
  readonly predictor?: string;
  /** A part of something, in words. */
  readonly part?: string;
  /** An input of the model. */
  readonly input?: string;
  readonly node?: string;
  /** What the node does, in the words of the model's format. */
  readonly op?: string;
}

/** What the user can do about an error: in words of the library, and as facts for interfaces that have their own words. */
export interface ErrorHint extends Partial<HintFacts> {
  readonly text: string;
}

/** What hints tell besides their text, one of these at a time. */
export interface HintFacts {
  /** Inputs whose shapes have to be given, with shapes that may suit them. */
  readonly inputShapes: Readonly<Record<string, Shape>>;
  /** What has to be downloaded or imported: a predictor, or the measured models of nn-Meter. */
  readonly download: { readonly predictor: string } | 'dataset';
  /** The versions of which one has to be named. */
  readonly versions: readonly string[];
  /** The signatures of which one has to be named. */
  readonly signatures: readonly string[];
  /** The model types of which one could be named, to be told why a file is refused as one of it. */
  readonly types: readonly string[];
}

export interface ErrorDetails {
  readonly where?: ErrorPlace;
  readonly hint?: string | ErrorHint;
  readonly cause?: unknown;
}

/** The one error class of all `@nnmeter` packages: what is wrong, where, and what to do, in one message and as fields. */
export class NnMeterError extends Error {
  override readonly name = 'NnMeterError';
  readonly code: ErrorCode;
  readonly where: ErrorPlace;
  readonly hint: ErrorHint | undefined;
  /** The message without the hint. */
  readonly problem: string;

  /** @param stated what is wrong, in words that name the place too, cut to a readable length; the hint is put behind it */
  constructor(code: ErrorCode, stated: string, details: ErrorDetails = {}) {
    const problem = shortened(stated);
    const hint = typeof details.hint === 'string' ? { text: details.hint } : details.hint;
    super(hint === undefined ? problem : `${problem}; ${shortened(hint.text)}`, {
      ...('cause' in details && { cause: details.cause }),
    });
    this.code = code;
    this.where = details.where ?? {};
    this.hint = hint;
    this.problem = problem;
  }
}

/** Longer texts quote a file: a shape of a thousand axes, a name of a megabyte. */
const MAX_LENGTH = 800;

function shortened(text: string): string {
  if (text.length <= MAX_LENGTH) return text;
  return `${text.slice(0, MAX_LENGTH - 105)} ... ${text.slice(-100)}`;
}

/** A hint to give the shape of an input. */
export function inputShapeHint(input: string, example: Shape): ErrorHint {
  const shown = quote(input).slice(1, -1).replaceAll("'", "\\'");
  return {
    text: `give its shape, in the model's own order of axes, with inputShapes: { '${shown}': [${example.join(', ')}] }`,
    inputShapes: { [input]: example },
  };
}

/** A name from a model in quotes for a message, cut if it is very long. */
export function quote(name: string): string {
  return name.length <= 100 ? `"${name}"` : `"${name.slice(0, 60)}...${name.slice(-20)}"`;
}

/** Runs `body`; an NnMeterError from it is told where it arose, see {@link locateError}. */
export function locateErrors<T>(where: () => ErrorPlace, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw locateError(where(), error);
  }
}

/**
 * What to throw in place of a caught error: an NnMeterError that also knows this place and names it in front of its
 * message, unless it knows one of that kind already; others as they are.
 */
export function locateError<E>(where: ErrorPlace, error: E): E | NnMeterError {
  if (!(error instanceof NnMeterError)) return error;
  const known = error.where;
  const parts = [
    known.list === undefined && listPlace(where),
    known.file === undefined && where.file,
    known.predictor === undefined && where.predictor && `predictor ${where.predictor}`,
    known.part === undefined && where.part,
    known.node === undefined && nodePlace(where),
  ];
  const named = parts.filter((part) => typeof part === 'string' && part !== '');
  return new NnMeterError(error.code, [...named, error.problem].join(': '), {
    where: { ...where, ...known },
    ...(error.hint && { hint: error.hint }),
    cause: error,
  });
}

function listPlace({ list, line, id }: ErrorPlace): string | undefined {
  if (list === undefined || line === undefined) return list;
  return `${list}, line ${line}${id === undefined ? '' : ` (${id})`}`;
}

function nodePlace({ node, op }: ErrorPlace): string | undefined {
  if (node === undefined) return undefined;
  return op === undefined
    ? `node ${quote(node)}`
    : `node ${quote(node)} (${quote(op).slice(1, -1)})`;
}
