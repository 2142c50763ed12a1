import { NnMeterError } from '@nnmeter/ir';
import type { FuzzFormat } from './format.ts';

/** What must hold for every file. */
export type Oracle =
  | 'own-errors'
  | 'clear-errors'
  | 'latency'
  | 'export'
  | 'round-trip'
  | 'time'
  | 'memory'
  | 'watchdog'
  | 'crash';

/** Something that must hold does not. */
export class Violation extends Error {
  readonly oracle: Oracle;

  constructor(oracle: Oracle, message: string, cause?: unknown) {
    super(message, { cause });
    this.oracle = oracle;
  }
}

/** What came of a file. */
export type Verdict =
  | { readonly outcome: 'accepted' }
  | { readonly outcome: 'refused'; readonly code: string }
  | {
      readonly outcome: 'violated';
      readonly oracle: Oracle;
      readonly message: string;
      readonly stack: string;
    };

/** Longer messages quote a file instead of naming what is wrong with it. */
const MAX_MESSAGE = 2000;

/** Has a format use a file, whatever comes of it. */
export async function judge(format: FuzzFormat, bytes: Uint8Array): Promise<Verdict> {
  try {
    await format.use(bytes);
    return { outcome: 'accepted' };
  } catch (error) {
    if (error instanceof Violation) return violated(error.oracle, error, error.cause ?? error);
    if (!(error instanceof NnMeterError)) return violated('own-errors', error, error);
    const unclear = unclearBecause(error);
    if (unclear === undefined) return { outcome: 'refused', code: error.code };
    return violated('clear-errors', `${unclear}: ${error.message.slice(0, MAX_MESSAGE)}`, error);
  }
}

function unclearBecause({ message }: NnMeterError): string | undefined {
  if (message.length > MAX_MESSAGE) return `its message has ${message.length} characters`;
  if (message.length < 15) return 'its message says next to nothing';
  if (/\bundefined\b|\[object /.test(message)) return 'its message quotes what was never there';
  return undefined;
}

function violated(oracle: Oracle, told: unknown, thrown: unknown): Verdict {
  const message = told instanceof Error ? `${told.name}: ${told.message}` : String(told);
  const stack = thrown instanceof Error ? String(thrown.stack) : message;
  return { outcome: 'violated', oracle, message: message.slice(0, MAX_MESSAGE), stack };
}
