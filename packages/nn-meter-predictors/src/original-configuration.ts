import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { NnMeterError } from '@nnmeter/ir';
import { originalFolder } from './folders.ts';
import { type PredictorMeta, parseYaml, readMeta } from './meta.ts';
import { nnMeterReleases } from './releases.ts';

/** The entries of the original's `predictors.yaml`; none if there is no such file. @throws NnMeterError */
export async function originalPredictors(): Promise<PredictorMeta[]> {
  const file = join(originalFolder(), 'config', 'predictors.yaml');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return [];
  const entries = await parseYaml(text, file);
  if (entries === null || entries === '') return [];
  if (!Array.isArray(entries)) {
    throw new NnMeterError('E_INVALID_INPUT', `${file}: it is no list of predictors`);
  }
  return entries.map((entry, index) => readMeta(entry, `${file}, entry ${index + 1}`));
}

/** A predictor whose pickles the original keeps in a folder. */
export interface OriginalFolder extends PredictorMeta {
  readonly packageLocation: string;
}

/** What the original has on this machine: registered predictors, and those it has downloaded. */
export async function originalOnDisk(): Promise<OriginalFolder[]> {
  const listed = await originalPredictors();
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
