import { createHash } from 'node:crypto';
import { readdir, rename, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeTemporaryFolder, readBounded, readBoundedText, removeAbandoned } from '@nnmeter/files';
import { decodeForest, encodeForest, type Forest } from '@nnmeter/forest';
import { NnMeterError, quote } from '@nnmeter/ir';
import { NAME_PATTERN } from '@nnmeter/predictor';
import { makeFolder } from './folders.ts';
import { validate } from './generated/validate.ts';
import { replaceFolder, withLock } from './lock.ts';
import { checkRegressor } from './regressors.ts';
import type { Category } from './releases.ts';

/** Where a stored predictor came from. */
export interface Origin {
  /** The address or path. */
  readonly from: string;
  /** SHA-256 of the zip in hex; null for folders. */
  readonly sha256: string | null;
  /** Of a folder that stays the source: changes with its files. Null if the stored copy is all there is. */
  readonly fingerprint: string | null;
}

/** A predictor converted from pickles, as `predictor.json` in its folder describes it. */
export interface StoredPredictor {
  readonly format: 1;
  readonly name: string;
  readonly version: string;
  readonly category: Category;
  readonly origin: Origin;
  readonly fusionRules: Readonly<Record<string, boolean>>;
  /** By kernel; the forest is in `<kernel>.forest`. */
  readonly kernels: Readonly<Record<string, StoredForest>>;
}

export interface StoredForest {
  /** SHA-256 of the file, hex. */
  readonly sha256: string;
  readonly bytes: number;
  readonly trees: number;
  readonly nodes: number;
}

const DESCRIPTION = 'predictor.json';
/** Folders that are being filled or deleted begin so. */
export const PARTIAL = '.partial-';
/** Sixteen kernels and some dozens of rules take 4 kB. */
const MAX_DESCRIPTION_BYTES = 1 << 20;

/** @throws NnMeterError E_INVALID_INPUT if it cannot be the name or version of a predictor (they name folders). */
export function checkName(text: string, what: string): void {
  if (new RegExp(`^${NAME_PATTERN}$`).test(text)) return;
  throw new NnMeterError(
    'E_INVALID_INPUT',
    `${what} ${quote(text)} must start with a letter or digit and consist of letters, digits and _ . + -`,
  );
}

/** Where all that is kept of predictors is. */
export function predictorsFolder(dataFolder: string): string {
  return join(dataFolder, 'predictors');
}

/** The folder of a stored predictor; names do not differ by case alone. */
export function storedFolder(dataFolder: string, name: string, version: string): string {
  return join(predictorsFolder(dataFolder), folderName(name, version));
}

/** The name of a predictor's folder. */
export function folderName(name: string, version: string): string {
  return `${name.toLowerCase()}@${version}`;
}

/** Whether a folder may be one of {@link folderName}: others may lie beside them. */
export function isFolderName(name: string): boolean {
  return /^[a-z0-9][^@]*@[^@]+$/.test(name);
}

/** Writes a predictor into a folder beside its place and moves it there, so that nobody ever sees half of it. */
export async function savePredictor(
  dataFolder: string,
  description: Omit<StoredPredictor, 'format' | 'kernels'>,
  forests: AsyncIterable<readonly [kernel: string, forest: Forest]>,
): Promise<StoredPredictor> {
  const target = storedFolder(dataFolder, description.name, description.version);
  await makeFolder(predictorsFolder(dataFolder));
  await removeAbandoned(predictorsFolder(dataFolder), PARTIAL);
  const { path: partial, discard } = makeTemporaryFolder(
    join(predictorsFolder(dataFolder), PARTIAL),
  );
  try {
    const kernels: Record<string, StoredForest> = {};
    for await (const [kernel, forest] of forests) {
      const bytes = encodeForest(forest);
      await writeFile(join(partial, `${kernel}.forest`), bytes);
      const { treeCount: trees, nodeCount: nodes } = forest;
      kernels[kernel] = { sha256: sha256(bytes), bytes: bytes.length, trees, nodes };
    }
    const stored: StoredPredictor = { format: 1, ...description, kernels };
    await writeFile(join(partial, DESCRIPTION), `${JSON.stringify(stored, null, 2)}\n`);
    await replaceFolder(dataFolder, partial, target);
    return stored;
  } finally {
    await discard();
  }
}

/**
 * All stored predictors, by name and version; folders that are none are left out. What killed imports have left is
 * deleted.
 * @param onProblem told of each that is damaged (E_WEIGHTS); the others are listed
 */
export async function listStored(
  dataFolder: string,
  onProblem: (problem: NnMeterError) => void,
): Promise<StoredPredictor[]> {
  await removeAbandoned(predictorsFolder(dataFolder), PARTIAL);
  const names = await readdir(predictorsFolder(dataFolder)).catch(() => []);
  const read = names.filter(isFolderName).map((name) =>
    readDescription(join(predictorsFolder(dataFolder), name)).catch((error: unknown) => {
      if (!(error instanceof NnMeterError)) throw error;
      return error;
    }),
  );
  const found: StoredPredictor[] = [];
  for (const stored of await Promise.all(read)) {
    if (stored instanceof NnMeterError) onProblem(stored);
    else if (stored !== undefined) found.push(stored);
  }
  return found.sort((a, b) => (a.name + a.version < b.name + b.version ? -1 : 1));
}

/** The description in a folder; undefined if there is none. @throws NnMeterError E_WEIGHTS if it is damaged. */
async function readDescription(folder: string): Promise<StoredPredictor | undefined> {
  const file = join(folder, DESCRIPTION);
  if ((await stat(file).catch(() => undefined)) === undefined) return undefined;
  let stored: unknown;
  try {
    stored = JSON.parse(await readBoundedText(file, MAX_DESCRIPTION_BYTES));
  } catch (cause) {
    throw damaged(folder, `${DESCRIPTION} cannot be read: ${(cause as Error).message}`, cause);
  }
  if (!validate(stored)) {
    const [violation] = (validate as { errors?: readonly Violation[] }).errors ?? [];
    const what = `${violation?.instancePath} ${violation?.message}`.trim();
    throw damaged(folder, `${DESCRIPTION} is damaged or of a newer version: ${what}`);
  }
  const { name, version } = stored as StoredPredictor;
  if (basename(folder) !== folderName(name, version)) {
    throw damaged(folder, `${DESCRIPTION} describes ${quote(name)} ${version}`);
  }
  return stored as StoredPredictor;
}

/** The part of an ajv error that messages are made of. */
interface Violation {
  readonly instancePath: string;
  readonly message?: string;
}

/**
 * The forests of a stored predictor, by kernel.
 * @throws NnMeterError E_WEIGHTS if a file is missing, damaged, or not the one that was stored; E_UNSUPPORTED_FORMAT
 * naming one that nn-Meter has no features for
 */
export async function loadForests(
  dataFolder: string,
  { name, version, kernels }: StoredPredictor,
): Promise<Map<string, Forest>> {
  const folder = storedFolder(dataFolder, name, version);
  const forests = new Map<string, Forest>();
  for (const [kernel, { sha256: expected, bytes: size }] of Object.entries(kernels)) {
    const file = join(folder, `${kernel}.forest`);
    const bytes = await readBounded(file, size).catch((cause: unknown) => {
      throw damaged(folder, `${kernel}.forest cannot be read`, cause);
    });
    if (sha256(bytes) !== expected) {
      throw damaged(folder, `${kernel}.forest is not the file that was stored`);
    }
    const forest = decodeForest(bytes);
    checkRegressor(kernel, forest, `${folder}: ${kernel}.forest`);
    forests.set(kernel, forest);
  }
  return forests;
}

/** Deletes a stored predictor, or a kept plugin, at one go; nothing else is touched. */
export async function removeStored(
  dataFolder: string,
  { name, version }: Pick<StoredPredictor, 'name' | 'version'>,
): Promise<void> {
  await makeFolder(predictorsFolder(dataFolder));
  const { path: removed, discard } = makeTemporaryFolder(
    join(predictorsFolder(dataFolder), PARTIAL),
  );
  const folder = storedFolder(dataFolder, name, version);
  await withLock(dataFolder, () => rename(folder, join(removed, 'predictor')));
  await discard();
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function damaged(folder: string, reason: string, cause?: unknown): NnMeterError {
  return new NnMeterError('E_WEIGHTS', `${folder}: ${reason}; delete it and import it again`, {
    cause,
  });
}
