import { dirname, isAbsolute, join } from 'node:path';
import { readBoundedText } from '@nnmeter/files';
import { NnMeterError, quote } from '@nnmeter/ir';
import { listLatencyPredictors } from '@nnmeter/predictor';
import { readConfiguration } from './configuration.ts';
import { type ImportOptions, importPredictor } from './import-release.ts';
import { type KeptPlugin, listKept } from './kept-plugins.ts';
import { MAX_META_BYTES, parseYaml, readMeta } from './meta.ts';
import { listStored, removeStored, type StoredPredictor } from './store.ts';

/**
 * Registers a predictor of your own, described as for the original's `nn-meter register`: YAML or JSON with name,
 * version, category, package_location (relative to the file) and kernel_predictors. Its pickles are converted now, and
 * again whenever they change.
 * @throws NnMeterError E_INVALID_INPUT if the description or the predictor is wrong, or the name and version are taken
 */
export async function registerNnMeterPredictor(
  metaFile: string,
  options: Pick<ImportOptions, 'onKernel'> = {},
): Promise<StoredPredictor> {
  const where = quote(metaFile);
  const text = await readBoundedText(metaFile, MAX_META_BYTES);
  const meta = readMeta(await parseYaml(text, where), where);
  const { name, version, category, kernels, packageLocation } = meta;
  if (packageLocation === undefined) {
    throw new NnMeterError('E_INVALID_INPUT', `${where}: package_location is missing`);
  }
  const taken = (await listLatencyPredictors(() => {})).find(
    (other) => other.name.toLowerCase() === name.toLowerCase() && other.version === version,
  );
  if (taken !== undefined) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `there is a predictor ${name} ${version} already; change the name or version, or unregister it first`,
    );
  }
  const folder = isAbsolute(packageLocation)
    ? packageLocation
    : join(dirname(metaFile), packageLocation);
  const { dataFolder } = await readConfiguration();
  return importPredictor(folder, dataFolder, {
    name,
    version,
    category,
    follow: true,
    ...(kernels && { kernels }),
    ...options,
  });
}

/**
 * Converts a predictor of the original nn-Meter, a release zip or its folder, and stores it in the data folder.
 * Nothing in the pickles is executed, and the network is not touched.
 * @throws NnMeterError E_FILE, E_INVALID_INPUT if it is no predictor, E_UNSUPPORTED_FORMAT naming the pickle that is no
 * random forest or was trained on other features, E_WEIGHTS if it is damaged, E_LIMIT
 */
export async function importNnMeterPredictor(
  path: string,
  options: ImportOptions = {},
): Promise<StoredPredictor> {
  return importPredictor(path, (await readConfiguration()).dataFolder, options);
}

/** What was deleted. */
export type RemovedPredictor = Pick<
  StoredPredictor,
  'name' | 'version' | 'category' | 'origin' | 'kernels'
>;

/**
 * Deletes the stored copy of a registered, imported or downloaded predictor, whose original files stay, or a built one.
 * @throws NnMeterError E_UNKNOWN_PREDICTOR if there is none, or several versions and none is named; E_WEIGHTS if there
 * is none but a damaged one
 */
export async function unregisterNnMeterPredictor(
  name: string,
  version?: string,
): Promise<RemovedPredictor> {
  const { dataFolder } = await readConfiguration();
  const problems: NnMeterError[] = [];
  const stored: RemovedPredictor[] = [
    ...(await listStored(dataFolder, (problem) => problems.push(problem))),
    ...(await listKept(dataFolder, (problem) => problems.push(problem))).map(asRemoved),
  ];
  const named = stored.filter((each) => each.name.toLowerCase() === name.toLowerCase());
  const found = named.filter((each) => version === undefined || each.version === version);
  if (found.length === 1) {
    await removeStored(dataFolder, found[0]!);
    return found[0]!;
  }
  if (named.length === 0 && problems.length > 0) throw problems[0];
  const where = { predictor: name };
  if (named.length === 0) {
    const names = stored.map((each) => each.name).join(', ') || 'none';
    throw new NnMeterError(
      'E_UNKNOWN_PREDICTOR',
      `no predictor ${quote(name)} is registered; there are ${names}`,
      { where },
    );
  }
  const versions = named.map((each) => each.version);
  throw new NnMeterError(
    'E_UNKNOWN_PREDICTOR',
    `${quote(name)} is registered in the versions ${versions.join(', ')}`,
    { where, hint: { text: 'name the version', versions } },
  );
}

function asRemoved({ name, version, device, manifest }: KeptPlugin): RemovedPredictor {
  const origin = { from: manifest.trainedOn, sha256: null, fingerprint: null };
  return { name, version, category: device.kind, origin, kernels: {} };
}
