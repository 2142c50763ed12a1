import { type FileHandle, open } from 'node:fs/promises';
import { NnMeterError, quote } from '@nnmeter/ir';
import { fileError, isMissing } from './file-error.ts';
import { lockFile } from './lock-file.ts';
import { readBoundedText } from './read-bounded.ts';

/** What a journal is of: its first line. */
export interface JournalHeader {
  /** Tells journals of one kind from all other files. */
  readonly format: string;
}

/** Lines that were written so far, on disk as soon as they are added. */
export interface Journal<Header extends JournalHeader, Line extends object> {
  readonly header: Header;
  readonly lines: readonly Line[];
  /** @throws NnMeterError E_FILE if it cannot be written; what was added before stays */
  add(line: Line): Promise<void>;
  close(): Promise<void>;
}

/** What the lines of a journal are. */
export interface JournalKind<Header extends JournalHeader, Line extends object> {
  /** What it is the journal of, as in `build`: "is no journal of a build". */
  readonly work: string;
  /** What of a header must be the same for lines to belong together. */
  identity(header: Partial<Header>): Readonly<Record<string, unknown>>;
  /** Why a line is none of this journal, as in `is no measurement`; undefined if it is one. */
  refuse(line: Partial<Line>): string | undefined;
}

export interface JournalOptions {
  /** Goes on with the journal that is there; without it there must be none. */
  readonly resume: boolean;
  /** What runs, for the message that it runs already: `the build of "mine"`. */
  readonly name: string;
}

/** Of some thousand models with their layers. */
const MAX_BYTES = 1 << 30;

/**
 * Opens a journal: JSON lines, a header first. A last line that was being written when the process was killed is dropped. One
 * process at a time.
 * @throws NnMeterError E_INVALID_INPUT if it is the journal of something else, is damaged, is there and is not to be
 * resumed, or another process has it; E_FILE
 */
export async function openJournal<Header extends JournalHeader, Line extends object>(
  path: string,
  header: Header,
  kind: JournalKind<Header, Line>,
  { resume, name }: JournalOptions,
): Promise<Journal<Header, Line>> {
  const unlock = await lockFile(`${path}.lock`, name);
  try {
    const text = await readIfThere(path);
    if (text !== undefined && text !== '' && !resume) {
      throw new NnMeterError(
        'E_INVALID_INPUT',
        `${quote(path)} is there already, the journal of a ${kind.work} that was begun`,
        { where: { file: path }, hint: `resume that ${kind.work}, or delete the file` },
      );
    }
    const { whole, found, lines } = readLines(text ?? '', path, header.format, kind);
    if (found !== undefined) checkIdentity(found, header, path, kind);
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
    let last: Promise<void> = Promise.resolve();
    return {
      header: found ?? header,
      lines,
      add(line) {
        last = last
          .catch(() => {})
          .then(() => write(line))
          .then(() => {
            lines.push(line);
          });
        return last;
      },
      async close() {
        await last.catch(() => {});
        await file.close();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}

/**
 * Reads a journal that nobody goes on with; another process may be writing it.
 * @throws NnMeterError E_INVALID_INPUT if it is no such journal, or damaged; E_FILE
 */
export async function readJournal<Header extends JournalHeader, Line extends object>(
  path: string,
  format: Header['format'],
  kind: JournalKind<Header, Line>,
): Promise<{ readonly header: Header; readonly lines: readonly Line[] }> {
  const { found, lines } = readLines(await readBoundedText(path, MAX_BYTES), path, format, kind);
  if (found === undefined) throw noJournal(path, kind.work);
  return { header: found, lines };
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

/** The header and the lines after it, and how many characters are whole lines. */
function readLines<Header extends JournalHeader, Line extends object>(
  text: string,
  path: string,
  format: string,
  kind: JournalKind<Header, Line>,
): { whole: number; found?: Header; lines: Line[] } {
  const whole = text.lastIndexOf('\n') + 1;
  const [first, ...rest] = text.slice(0, whole).split('\n').slice(0, -1);
  if (first === undefined) return { whole: 0, lines: [] };
  const found = parse(first, path, 1) as Header;
  if (found.format !== format) throw noJournal(path, kind.work);
  const lines = rest.map((line, index) => {
    const value = parse(line, path, index + 2) as Line;
    const why = kind.refuse(value);
    if (why !== undefined) throw damaged(path, index + 2, why);
    return value;
  });
  return { whole, lines, found };
}

function parse(line: string, path: string, number: number): object {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below.
  }
  throw damaged(path, number, 'is no JSON object');
}

function noJournal(path: string, work: string): NnMeterError {
  return new NnMeterError('E_INVALID_INPUT', `${quote(path)} is no journal of a ${work}`, {
    where: { file: path },
  });
}

function damaged(path: string, line: number, what: string): NnMeterError {
  return new NnMeterError(
    'E_INVALID_INPUT',
    `${path}, line ${line} ${what}: the journal is damaged`,
    {
      where: { list: path, line },
      hint: 'delete that line, or the file, and start again',
    },
  );
}

function checkIdentity<Header extends JournalHeader, Line extends object>(
  found: Header,
  expected: Header,
  path: string,
  { work, identity }: JournalKind<Header, Line>,
): void {
  const own = identity(found);
  for (const [field, value] of Object.entries(identity(expected))) {
    if (JSON.stringify(own[field]) === JSON.stringify(value)) continue;
    const said = (each: unknown): string => JSON.stringify(each)?.slice(0, 200) ?? 'none';
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `${quote(path)} is the journal of another ${work}: its ${field} is ${said(own[field])}, here it is ${said(value)}`,
      {
        where: { file: path },
        hint: `${work} with the same options as at first, or with another journal`,
      },
    );
  }
}
