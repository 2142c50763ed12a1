import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Forest } from '@nnmeter/forest';
import { locateErrors, NnMeterError, quote } from '@nnmeter/ir';
import { readFusionRules } from './fusion-rules.ts';
import { checkRegressor } from './regressors.ts';
import { type ReleaseFiles, readEntry, withRelease } from './release-files.ts';
import { type Category, nnMeterReleases } from './releases.ts';
import { checkName, type StoredPredictor, savePredictor } from './store.ts';

export interface ImportOptions {
  /** Default: the name of the folder in the zip, or of the folder itself. */
  readonly name?: string;
  /** Default `1.0`. */
  readonly version?: string;
  /** Default: that of the built-in predictor of the same name, else `cpu`. */
  readonly category?: Category;
  /** Kernels to take; default: every `<kernel>.pkl`. One that is missing is an error. */
  readonly kernels?: readonly string[];
  /** Recorded as the origin; default: the path. */
  readonly from?: string;
  /** Convert the folder again whenever its files change. */
  readonly follow?: boolean;
  /** Told before each forest is converted. */
  readonly onKernel?: (kernel: string, index: number, count: number) => void;
}

/** Converts a predictor and stores it in a data folder; see `importNnMeterPredictor`. */
export async function importPredictor(
  path: string,
  dataFolder: string,
  options: ImportOptions = {},
): Promise<StoredPredictor> {
  return withRelease(path, async (release) => {
    const builtIn = nnMeterReleases.find(
      ({ name }) => name.toLowerCase() === (options.name ?? release.name).toLowerCase(),
    );
    const name = options.name ?? builtIn?.name ?? release.name;
    const version = options.version ?? '1.0';
    checkName(name, 'the name');
    checkName(version, 'the version');
    const rules = new TextDecoder().decode(await readEntry(release.rules));
    const description = {
      name,
      version,
      category: options.category ?? builtIn?.category ?? 'cpu',
      origin: {
        from: options.from ?? resolve(path),
        sha256: (await stat(path)).isDirectory() ? null : await fileSha256(path),
        fingerprint: options.follow ? await fingerprint(path) : null,
      },
      fusionRules: readFusionRules(rules, quote(release.rules.path)),
    } as const;
    return savePredictor(dataFolder, description, convert(release, path, options));
  });
}

async function* convert(
  { forests }: ReleaseFiles,
  path: string,
  { kernels = [...forests.keys()], onKernel }: ImportOptions,
): AsyncGenerator<[string, Forest]> {
  if (kernels.length === 0) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      'a predictor needs at least one kernel; none is named',
    );
  }
  const { readSklearnForest } = await import('@nnmeter/sklearn-pickle');
  for (const [index, kernel] of kernels.entries()) {
    const entry = forests.get(kernel);
    if (entry === undefined) {
      throw new NnMeterError('E_INVALID_INPUT', `${quote(path)} has no ${kernel}.pkl`);
    }
    onKernel?.(kernel, index, kernels.length);
    const bytes = await readEntry(entry);
    const forest = locateErrors(
      () => ({ part: quote(entry.path) }),
      () => {
        const read = readSklearnForest(bytes).forest;
        checkRegressor(kernel, read, 'the forest');
        return read;
      },
    );
    yield [kernel, forest];
  }
}

/** SHA-256 of a file in hex. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** A text that changes with the names, sizes or times of the files of a folder; null if there is no such folder. */
export async function fingerprint(folder: string): Promise<string | null> {
  const names = await readdir(folder).catch(() => null);
  if (names === null) return null;
  const hash = createHash('sha256');
  for (const name of names.filter((each) => /\.(pkl|json)$/.test(each)).sort()) {
    const { size, mtimeMs } = await stat(join(folder, name));
    hash.update(`${name} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}
