import { type ErrorHint, NnMeterError } from '@nnmeter/ir';
import type {
  DeviceFacts,
  LatencyPredictor,
  PredictorSource,
  SourceEntry,
} from '@nnmeter/predictor';
import { readConfiguration } from './configuration.ts';
import { listKept, loadKept } from './kept-plugins.ts';
import { withLock } from './lock.ts';
import type { Regressors } from './regressors.ts';
import { nnMeterReleases } from './releases.ts';
import { listStored, loadForests, type StoredPredictor } from './store.ts';

/** Where `loadLatencyPredictor` of @nnmeter/predictor finds the predictors of this package. */
export const predictorSource: PredictorSource = { list, load };

/** Stored predictors, plugins built here, those of the original on this machine, and the published ones that could be downloaded. */
async function list(onProblem: (problem: NnMeterError) => void = ignore): Promise<SourceEntry[]> {
  const { dataFolder } = await readConfiguration();
  const entries = new Map<string, SourceEntry>();
  const add = (name: string, version: string, category: DeviceFacts['kind'], hint?: ErrorHint) => {
    const key = `${name.toLowerCase()} ${version}`;
    if (!entries.has(key)) entries.set(key, describe(name, version, category, hint));
  };
  for (const { name, version, category } of await listStored(dataFolder, onProblem)) {
    add(name, version, category);
  }
  for (const { manifest, ...kept } of await listKept(dataFolder, onProblem)) {
    entries.set(`${kept.name.toLowerCase()} ${kept.version}`, {
      ...kept,
      accuracy: manifest.heldOut,
    });
  }
  const { originalOnDisk } = await import('./original-configuration.ts');
  for (const { name, version, category } of await originalOnDisk(onProblem))
    add(name, version, category);
  for (const { name, aliases, version, category } of nnMeterReleases) {
    add(name, version, category, hintToDownload(aliases.at(-1) ?? name));
  }
  return [...entries.values()];
}

/** What is wrong with others does not matter. */
function ignore(): void {}

async function load(name: string, version: string): Promise<LatencyPredictor | undefined> {
  const { dataFolder } = await readConfiguration();
  const isWanted = (each: { name: string; version: string }) =>
    each.name.toLowerCase() === name.toLowerCase() && each.version === version;
  const kept = (await listKept(dataFolder, ignore)).find(isWanted);
  if (kept !== undefined) return loadKept(dataFolder, kept);
  let stored = (await listStored(dataFolder, ignore)).find(isWanted);
  if (stored === undefined) {
    const { originalOnDisk } = await import('./original-configuration.ts');
    const original = (await originalOnDisk(ignore)).find(isWanted);
    if (original === undefined) return undefined;
    const { importPredictor } = await import('./import-release.ts');
    const { kernels, category, packageLocation } = original;
    const options = { name: original.name, version, category, follow: true };
    stored = await importPredictor(packageLocation, dataFolder, {
      ...options,
      ...(kernels && { kernels }),
    });
  }
  const { current, regressors } = await loadCurrent(await refresh(stored, dataFolder), dataFolder);
  const { createNnMeterPredictor } = await import('./nn-meter-predictor.ts');
  const { aliases, device } = describe(current.name, version, current.category);
  return createNnMeterPredictor({
    name: current.name,
    aliases,
    version,
    device,
    fusionRules: current.fusionRules,
    regressors,
  });
}

/** Reads the forests; if that fails, again while no other process can be replacing them. */
async function loadCurrent(
  stored: StoredPredictor,
  dataFolder: string,
): Promise<{ current: StoredPredictor; regressors: Regressors }> {
  try {
    return { current: stored, regressors: await loadForests(dataFolder, stored) };
  } catch (error) {
    const { name, version } = stored;
    const reload = async () => {
      const all = await listStored(dataFolder, ignore);
      const current = all.find((each) => each.name === name && each.version === version);
      if (current === undefined) throw error;
      return { current, regressors: await loadForests(dataFolder, current) };
    };
    return withLock(dataFolder, reload).catch((second: unknown) => {
      // A folder that cannot be locked is not being changed either.
      throw second instanceof NnMeterError ? second : error;
    });
  }
}

/** Converts the pickles of a folder again if they have changed since; if the folder is gone, the copy serves on. */
async function refresh(stored: StoredPredictor, dataFolder: string): Promise<StoredPredictor> {
  const { name, version, category, origin } = stored;
  if (origin.fingerprint === null) return stored;
  const { fingerprint, importPredictor } = await import('./import-release.ts');
  const now = await fingerprint(origin.from);
  if (now === null || now === origin.fingerprint) return stored;
  const kernels = Object.keys(stored.kernels);
  const options = { name, version, category, follow: true, kernels };
  return importPredictor(origin.from, dataFolder, options);
}

function describe(
  name: string,
  version: string,
  category: DeviceFacts['kind'],
  hint?: ErrorHint,
): SourceEntry {
  const release = nnMeterReleases.find((each) => each.name.toLowerCase() === name.toLowerCase());
  const isRelease = release?.version === version;
  const unknown = 'not stated';
  const device = {
    product: name,
    processor: category.toUpperCase(),
    kind: category,
    framework: unknown,
    precision: unknown,
    clock: unknown,
  };
  return {
    name,
    version,
    aliases: release?.aliases ?? [],
    device: release?.device ?? device,
    accuracy: isRelease ? { within10: release.within10 } : null,
    ...(hint !== undefined && { hint }),
  };
}

function hintToDownload(predictor: string): ErrorHint {
  return {
    text: `download it with pullNnMeterPredictor('${predictor}') of @nnmeter/nn-meter-predictors, or import its zip with importNnMeterPredictor`,
    download: { predictor },
  };
}
