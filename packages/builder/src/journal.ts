import { type FileHandle, open } from 'node:fs/promises';
import { fileError, isMissing, readBoundedText } from '@nnmeter/files';
import { NnMeterError, quote } from '@nnmeter/ir';
import type { FusedNode, LayerTime, RunnerFacts } from '@nnmeter/runners';
import { lockFile } from './lock-file.ts';

/** What a journal is of: its first line. */
export interface JournalHeader {
  readonly format: 'nnmeter-build';
  readonly version: 1;
  readonly name: string;
  readonly seed: number;
  /** Of the plan, see `planHash`. */
  readonly plan: string;
  readonly runner: string;
  readonly facts: RunnerFacts;
}

interface Timed {
  /** When it was done, ms since 1970. */
  readonly at: number;
  /** What it took from the request to the result, ms. */
  readonly tookMs: number;
}

/** The plan's models; those that the others contradict, again; some of the others, for the repeat ceiling. */
export type Phase = 'models' | 'outliers' | 'repeats';

/** One measurement of one model. */
export interface MeasuredLine extends Timed {
  readonly kind: 'measured';
  readonly id: string;
  readonly phase: Phase;
  readonly ms: number;
  readonly medianMs: number;
  readonly wallMs?: number;
  readonly runs: number;
  readonly layers?: readonly LayerTime[];
  /** Load average of the machine that the build runs on, over the last minute. */
  readonly load: number;
}

/** A model that the runner cannot measure. */
export interface FailedLine extends Timed {
  readonly kind: 'failed';
  readonly id: string;
  readonly reason: string;
}

/** What the runtime's own graph of a model says is fused. */
export interface FusedLine extends Timed {
  readonly kind: 'fused';
  readonly id: string;
  readonly groups: readonly FusedNode[];
}

export type JournalLine = MeasuredLine | FailedLine | FusedLine;

/** Everything that was measured so far, on disk as soon as it is added. */
export interface Journal {
  readonly header: JournalHeader;
  readonly lines: readonly JournalLine[];
  /** @throws NnMeterError E_FILE if it cannot be written; what was added before stays */
  add(line: JournalLine): Promise<void>;
  close(): Promise<void>;
}

/** Of some thousand models with their layers. */
const MAX_BYTES = 1 << 30;

/**
 * Opens the journal of a build: JSON lines, a header and a line for everything measured. One process at a time.
 * @param resume goes on with the journal that is there; without it there must be none
 * @throws NnMeterError E_INVALID_INPUT if it is the journal of something else, is damaged, is there and is not to be
 * resumed, or another process has it; E_FILE
 */
export async function openJournal(
  path: string,
  header: JournalHeader,
  resume: boolean,
): Promise<Journal> {
  const unlock = await lockFile(`${path}.lock`, `the build of ${quote(header.name)}`);
  try {
    const text = await readIfThere(path);
    if (text !== undefined && text !== '' && !resume) {
      throw new NnMeterError(
        'E_INVALID_INPUT',
        `${quote(path)} is there already, the journal of a build that was begun`,
        { where: { file: path }, hint: 'resume that build, or delete the file' },
      );
    }
    const { whole, lines, found } = readLines(text ?? '', path, header);
    const file = await open(path, 'a').catch((cause: unknown) => {
      throw fileError('write', path, cause);
    });
    const write = (value: object): Promise<void> =>
      append(file, path, `${JSON.stringify(value)}\n`);
    try {
      // What was being written when the process was killed.
      if (text !== undefined && whole < text.length)
        await file.truncate(Buffer.byteLength(text.slice(0, whole)));
      if (whole === 0) await write(header);
    } catch (error) {
      await file.close();
      throw error;
    }
    return {
      header: found ?? header,
      lines,
      async add(line) {
        await write(line);
        lines.push(line);
      },
      async close() {
        await file.close();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function append(file: FileHandle, path: string, text: string): Promise<void> {
  try {
    await file.appendFile(text);
    await file.datasync();
  } catch (cause) {
    throw fileError('write', path, cause);
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readBoundedText(path, MAX_BYTES);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The lines after the header, and how many characters are whole lines. */
function readLines(
  text: string,
  path: string,
  expected: JournalHeader,
): { whole: number; lines: JournalLine[]; found?: JournalHeader } {
  const whole = text.lastIndexOf('\n') + 1;
  const [first, ...rest] = text.slice(0, whole).split('\n').slice(0, -1);
  if (first === undefined) return { whole: 0, lines: [] };
  const found = parse(first, path, 1) as JournalHeader;
  checkHeader(found, expected, path);
  const lines = rest.map((line, index) => parse(line, path, index + 2) as JournalLine);
  const wrong = lines.findIndex(({ kind, id }) => !KINDS.has(kind) || typeof id !== 'string');
  if (wrong >= 0) throw damaged(path, wrong + 2, 'is no measurement');
  return { whole, lines, found };
}

const KINDS: ReadonlySet<unknown> = new Set<JournalLine['kind']>(['measured', 'failed', 'fused']);

function parse(line: string, path: string, number: number): object {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below.
  }
  throw damaged(path, number, 'is no JSON object');
}

function damaged(path: string, line: number, what: string): NnMeterError {
  return new NnMeterError(
    'E_INVALID_INPUT',
    `${path}, line ${line} ${what}: the journal is damaged`,
    {
      where: { list: path, line },
      hint: 'delete that line, or the file, and build again',
    },
  );
}

function checkHeader(found: Partial<JournalHeader>, expected: JournalHeader, path: string): void {
  if (found.format !== expected.format) {
    throw new NnMeterError('E_INVALID_INPUT', `${quote(path)} is no journal of a build`, {
      where: { file: path },
    });
  }
  for (const [field, value] of Object.entries(identityOf(expected))) {
    const own = identityOf(found)[field];
    if (own === value) continue;
    const said = (value: unknown): string => JSON.stringify(value)?.slice(0, 40) ?? 'none';
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `${quote(path)} is the journal of another build: its ${field} is ${said(own)}, here it is ${said(value)}`,
      {
        where: { file: path },
        hint: 'build with the same options as at first, or with another journal',
      },
    );
  }
}

/** What must be the same for measurements to belong together. */
function identityOf(header: Partial<JournalHeader>): Readonly<Record<string, unknown>> {
  const { version, name, runner, seed, plan, facts } = header;
  return { version, name, runner, runtime: `${facts?.runtime} ${facts?.version}`, seed, plan };
}
