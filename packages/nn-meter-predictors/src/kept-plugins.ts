import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeTemporaryFolder, readBounded, readBoundedText, removeAbandoned } from '@nnmeter/files';
import { NnMeterError, quote } from '@nnmeter/ir';
import type { FusionRules } from '@nnmeter/kernel-detect';
import type { Adaptation } from '@nnmeter/latency-model';
import {
  createPredictor,
  type LatencyPredictor,
  listLatencyPredictors,
  type PredictorDefinition,
  type TrainingManifest,
} from '@nnmeter/predictor';
import { readConfiguration } from './configuration.ts';
import { makeFolder } from './folders.ts';
import { replaceFolder } from './lock.ts';
import {
  checkName,
  folderName,
  isFolderName,
  PARTIAL,
  predictorsFolder,
  storedFolder,
} from './store.ts';

/** A plugin that was built on this machine and is kept here, as its data says. */
export type KeptPlugin = Pick<
  PredictorDefinition,
  'name' | 'aliases' | 'version' | 'device' | 'manifest'
>;

const DEVICE = 'device.json';
const MANIFEST = 'manifest.json';
/** There if the weights are a known device's. */
const ADAPTATION = 'adaptation.json';
const MAX_JSON_BYTES = 1 << 22;
/** Weights of the built-in devices take 70 kB. */
const MAX_WEIGHTS_BYTES = 1 << 26;

/**
 * The file in which a build of a predictor notes what it measures, in a folder that is there.
 * @throws NnMeterError E_FILE
 */
export async function buildJournal(name: string): Promise<string> {
  checkName(name, 'the name');
  const folder = join((await readConfiguration()).dataFolder, 'builds');
  await makeFolder(folder);
  return join(folder, `${name.toLowerCase()}.jsonl`);
}

/**
 * Whether a predictor of this name could be kept.
 * @param mayReplace whether a plugin of this name and version that is kept already may be replaced
 * @throws NnMeterError E_INVALID_INPUT if it is no name, or the name of another predictor
 */
export async function requireFreeName(
  name: string,
  version: string,
  mayReplace = false,
): Promise<void> {
  checkName(name, 'the name');
  checkName(version, 'the version');
  const wanted = name.toLowerCase();
  const { dataFolder } = await readConfiguration();
  const kept = await listKept(dataFolder, () => {});
  const isKept = kept.some(
    (each) => each.name.toLowerCase() === wanted && each.version === version,
  );
  if (mayReplace && isKept) return;
  const taken = (await listLatencyPredictors(() => {})).find((other) =>
    [other.name, ...other.aliases].some((each) => each.toLowerCase() === wanted),
  );
  if (taken === undefined) return;
  throw new NnMeterError('E_INVALID_INPUT', `there is a predictor ${quote(taken.name)} already`, {
    where: { predictor: taken.name },
    hint: 'choose another name, or remove that one first (nn-meter unregister)',
  });
}

/**
 * Keeps a plugin among the predictors of this machine, where `loadLatencyPredictor` finds it by its name; one of the same
 * name and version is replaced, at one go.
 * @param write fills a folder with the plugin's files
 * @returns the folder
 * @throws NnMeterError E_INVALID_INPUT if it is no name, E_FILE
 */
export async function keepPlugin(
  name: string,
  version: string,
  write: (folder: string) => Promise<void>,
): Promise<string> {
  checkName(name, 'the name');
  checkName(version, 'the version');
  const { dataFolder } = await readConfiguration();
  const folder = predictorsFolder(dataFolder);
  await makeFolder(folder);
  await removeAbandoned(folder, PARTIAL);
  const { path: partial, discard } = makeTemporaryFolder(join(folder, PARTIAL));
  try {
    await write(partial);
    const target = storedFolder(dataFolder, name, version);
    await replaceFolder(dataFolder, partial, target);
    return target;
  } finally {
    await discard();
  }
}

/**
 * The plugins that are kept, by name and version.
 * @param onProblem told of each that is damaged (E_WEIGHTS); the others are listed
 */
export async function listKept(
  dataFolder: string,
  onProblem: (problem: NnMeterError) => void,
): Promise<KeptPlugin[]> {
  const names = (await readdir(predictorsFolder(dataFolder)).catch(() => [])).sort();
  const found: KeptPlugin[] = [];
  for (const name of names.filter(isFolderName)) {
    const folder = join(predictorsFolder(dataFolder), name);
    if ((await stat(join(folder, DEVICE)).catch(() => undefined)) === undefined) continue;
    try {
      found.push(await readKept(folder));
    } catch (error) {
      if (!(error instanceof NnMeterError)) throw error;
      onProblem(error);
    }
  }
  return found;
}

/**
 * The predictor of a kept plugin, of its data: its code is for other programs and does not run here.
 * @throws NnMeterError E_WEIGHTS if it is damaged
 */
export async function loadKept(
  dataFolder: string,
  { name, version }: Pick<KeptPlugin, 'name' | 'version'>,
): Promise<LatencyPredictor> {
  const folder = storedFolder(dataFolder, name, version);
  try {
    const weights = await readBounded(join(folder, 'weights.bin'), MAX_WEIGHTS_BYTES);
    const adaptation = join(folder, ADAPTATION);
    const isAdapted = (await stat(adaptation).catch(() => undefined)) !== undefined;
    return createPredictor({
      ...(await readKept(folder)),
      ...(isAdapted && { adaptation: (await readJson(adaptation)) as Adaptation }),
      fusionRules: (await readJson(join(folder, 'rules.json'))) as FusionRules,
      weights: Buffer.from(weights).toString('base64'),
    });
  } catch (cause) {
    throw cause instanceof NnMeterError ? damaged(folder, cause) : cause;
  }
}

async function readKept(folder: string): Promise<KeptPlugin> {
  try {
    const { name, aliases, version, device } = (await readJson(join(folder, DEVICE))) as KeptPlugin;
    const manifest = (await readJson(join(folder, MANIFEST))) as TrainingManifest;
    const isWhole =
      typeof name === 'string' &&
      typeof version === 'string' &&
      basename(folder) === folderName(name, version) &&
      Array.isArray(aliases) &&
      typeof device?.product === 'string' &&
      typeof manifest?.heldOut?.within10 === 'number';
    if (isWhole) return { name, aliases, version, device, manifest };
  } catch (cause) {
    throw cause instanceof NnMeterError ? damaged(folder, cause) : cause;
  }
  throw damaged(
    folder,
    new NnMeterError('E_INVALID_INPUT', `${DEVICE} or ${MANIFEST} is not whole`),
  );
}

async function readJson(file: string): Promise<unknown> {
  const text = await readBoundedText(file, MAX_JSON_BYTES);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new NnMeterError('E_INVALID_INPUT', `${basename(file)} is not JSON`, { cause });
  }
}

function damaged(folder: string, cause: NnMeterError): NnMeterError {
  if (cause.code === 'E_WEIGHTS') return cause;
  return new NnMeterError('E_WEIGHTS', `${folder} is damaged: ${cause.message}`, {
    hint: 'delete it and build it again',
    cause,
  });
}
