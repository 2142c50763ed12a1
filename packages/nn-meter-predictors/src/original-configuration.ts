import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readBoundedText } from '@nnmeter/files';
import { NnMeterError } from '@nnmeter/ir';
import { originalFolder } from './folders.ts';
import { MAX_META_BYTES, type PredictorMeta, parseYaml, readMeta } from './meta.ts';
import { nnMeterReleases } from './releases.ts';

/**
 * The entries of the original's `predictors.yaml`; none if there is no such file.
 * @param onProblem told of each entry that is wrong, or that the file is; the others are listed
 */
export async function originalPredictors(
  onProblem: (problem: NnMeterError) => void,
): Promise<PredictorMeta[]> {
  const file = join(originalFolder(), 'config', 'predictors.yaml');
  const attempt = async <T>(read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof NnMeterError)) throw error;
      onProblem(error);
      return undefined;
    }
  };
  const entries = (await attempt(() => readEntries(file))) ?? [];
  const read = entries.map((entry, index) =>
    attempt(async () => readMeta(entry, `${file}, entry ${index + 1}`)),
  );
  return (await Promise.all(read)).filter((meta) => meta !== undefined);
}

async function readEntries(file: string): Promise<readonly unknown[]> {
  if ((await stat(file).catch(() => undefined)) === undefined) return [];
  const entries = await parseYaml(await readBoundedText(file, MAX_META_BYTES), file);
  if (entries === null || entries === '') return [];
  if (Array.isArray(entries)) return entries;
  throw new NnMeterError('E_INVALID_INPUT', `${file}: it is no list of predictors`);
}

/** A predictor whose pickles the original keeps in a folder. */
export interface OriginalFolder extends PredictorMeta {
  readonly packageLocation: string;
}

/** What the original has on this machine: registered predictors, and those it has downloaded. */
export async function originalOnDisk(
  onProblem: (problem: NnMeterError) => void,
): Promise<OriginalFolder[]> {
  const listed = await originalPredictors(onProblem);
  const builtIn = nnMeterReleases
    .filter(({ name }) => !listed.some((entry) => entry.name === name))
    .map(({ name, version, category }): PredictorMeta => {
      const none = undefined;
      return { name, version, category, kernels: none, packageLocation: none, download: none };
    });
  const found = await Promise.all(
    [...listed, ...builtIn].map(async (entry) => {
      const packageLocation =
        entry.packageLocation ?? join(originalFolder(), 'data', 'predictor', entry.name);
      const rules = await stat(join(packageLocation, 'fusion_rules.json')).catch(() => undefined);
      return rules?.isFile() ? { ...entry, packageLocation } : undefined;
    }),
  );
  return found.filter((entry) => entry !== undefined);
}
