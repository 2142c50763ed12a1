import { type ErrorHint, locateErrors, NnMeterError, quote } from '@nnmeter/ir';
import type { LatencyMetrics } from '@nnmeter/latency-model';
import {
  checkDefinition,
  type DeviceFacts,
  type DeviceSetting,
  type PredictorDefinition,
  type Setting,
  type SettingSummary,
} from './definition.ts';
import { type DiscoveredPackage, missingPackage } from './discover-packages.ts';
import { KNOWN_PREDICTORS, type KnownPredictor } from './known-predictors.ts';
import { nearestName } from './nearest.ts';
import { installedPlugins } from './plugins.ts';
import { createPredictor, type LatencyPredictor } from './predictor.ts';
import { readSource, warnOfOthers } from './read-source.ts';
import { inSetting, namedSetting, requireSetting } from './settings.ts';
import type { SourceEntry } from './source.ts';

/** One row of {@link listLatencyPredictors}. */
export interface PredictorSummary {
  readonly name: string;
  readonly aliases: readonly string[];
  /** Null if not installed. */
  readonly version: string | null;
  /** Only the product if not installed. */
  readonly device: Pick<DeviceFacts, 'product'> & Partial<DeviceFacts>;
  /** On models that training did not see; null if not installed. Of nn-Meter's own predictors only `within10` is known. */
  readonly accuracy: (Pick<LatencyMetrics, 'within10'> & Partial<LatencyMetrics>) | null;
  /** `experimental`: learned from few networks, and the accuracy is that of families it did not see. */
  readonly status?: 'experimental';
  /** What may be chosen of it, the first being what is predicted otherwise; absent if there is one setting. */
  readonly settings?: readonly SettingSummary[];
  readonly installed: boolean;
  /** The package to install; null for predictors registered by the program. */
  readonly package: string | null;
  /** How to get it, if it is neither installed nor a package. */
  readonly hint?: ErrorHint;
}

const registered: PredictorDefinition[] = [];
/** The packages of those that came from packages. */
const packageOf = new Map<PredictorDefinition, string>();

/**
 * Makes a predictor known to {@link loadLatencyPredictor}: your own, or a plugin that cannot be found by its package
 * name (browsers, bundles). Registering the same one again does nothing.
 * @throws NnMeterError E_INVALID_INPUT if it is no definition, or another predictor has the same name and version, or
 * one of its names.
 */
export function registerPredictor(definition: PredictorDefinition): void {
  register(definition, undefined);
}

function register(definition: PredictorDefinition, packageName: string | undefined): void {
  checkDefinition(definition);
  if (registered.includes(definition)) return;
  if (packageName !== undefined) packageOf.set(definition, packageName);
  for (const other of registered) {
    const shared = namesOf(definition).find((name) => goesBy(other, name));
    if (shared === undefined) continue;
    const sameName = definition.name.toLowerCase() === other.name.toLowerCase();
    if (sameName && compareVersions(definition.version, other.version) !== 0) continue;
    const samePackage = [undefined, packageOf.get(other)].includes(packageName);
    if (sameName && samePackage && JSON.stringify(definition) === JSON.stringify(other)) return;
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `two different predictors go by the name "${shared}": ${describe(other)} and ${describe(definition)}; ` +
        'give the new one another name or version',
    );
  }
  registered.push(definition);
}

/**
 * Loads a predictor by its name or an alias, in any case; the latest version unless one is given. Finds registered
 * predictors, installed plugin packages, and what @nnmeter/nn-meter-predictors keeps on this machine; if that cannot be
 * read, or a plugin of others does not load, installed predictors are loaded without it and say so in the warnings of
 * their reports.
 * @param setting of the device, where it was measured in several: `{ precision: 'int8', cores: '4 little' }`
 * @throws NnMeterError E_INVALID_INPUT if it was not measured in that setting, E_UNKNOWN_PREDICTOR with the known names, E_MISSING_PACKAGE with the package to install,
 * E_WEIGHTS if its weights are damaged.
 */
export async function loadLatencyPredictor(
  name: string,
  version?: string,
  setting: Partial<Setting> = {},
): Promise<LatencyPredictor> {
  if (typeof name !== 'string') throw unknownPredictor(String(name), []);
  const known = KNOWN_PREDICTORS.find((predictor) => goesBy(predictor, name));
  if (known !== undefined) await registerInstalled(known);
  const pluginProblem = await registerDiscovered();
  const { source, entries: listed, problem = pluginProblem } = await readSource();
  const entries = listed.filter((entry) => goesBy(entry, name));
  const isWanted = (found: { version: string }): boolean => hasVersion(found, version);
  const definitions = registered.filter((definition) => goesBy(definition, name));
  const stored = entries.filter(({ hint }) => hint === undefined);
  const versions = [...definitions, ...stored].sort((a, b) =>
    compareVersions(b.version, a.version),
  );
  const chosen = versions.find(isWanted);
  if (chosen !== undefined) {
    if ('weights' in chosen)
      return warnOfOthers(createPredictor(inSetting(chosen, setting)), problem);
    const loaded = await source?.load(chosen.name, chosen.version);
    if (loaded !== undefined) {
      requireSetting(loaded.name, [], setting);
      return warnOfOthers(loaded, problem);
    }
  }
  if (problem !== undefined) throw problem;
  const available = entries.find((entry) => version !== undefined && isWanted(entry));
  if (available !== undefined) throw notHereYet(available);
  if (versions.length > 0) {
    throw new NnMeterError(
      'E_UNKNOWN_PREDICTOR',
      `predictor "${versions[0]!.name}" has no version "${version}"; installed: ` +
        versions.map((found) => found.version).join(', '),
    );
  }
  if (known === undefined) throw unknownPredictor(name, listed);
  throw missingPackage(`predictor "${known.name}"`, known.package, 'registerPredictor(definition)');
}

/**
 * Every predictor that is registered or published, the published ones first, whether installed or not.
 * @param onProblem told why a plugin or what is kept on this machine cannot be listed; without it that is thrown
 * @param which `full` leaves out the experimental ones of packages, and does not load them
 */
export async function listLatencyPredictors(
  onProblem?: (problem: NnMeterError) => void,
  which: 'all' | 'full' = 'all',
): Promise<PredictorSummary[]> {
  const summaries: PredictorSummary[] = [];
  const pluginProblem = await registerDiscovered();
  for (const known of KNOWN_PREDICTORS) {
    if (which === 'full' && known.accuracy === 'experimental') continue;
    await registerInstalled(known);
    const found = registered.filter((definition) => goesBy(definition, known.name));
    for (const definition of found) summaries.push(summarize(definition));
    if (found.length === 0) summaries.push(summarizeMissing(known));
  }
  for (const definition of registered) {
    if (KNOWN_PREDICTORS.some((known) => goesBy(definition, known.name))) continue;
    if (which === 'full' && definition.accuracy === 'experimental') continue;
    summaries.push(summarize(definition));
  }
  const { entries, problem: sourceProblem } = await readSource();
  for (const problem of [pluginProblem, sourceProblem]) {
    if (problem === undefined) continue;
    if (onProblem === undefined) throw problem;
    onProblem(problem);
  }
  for (const entry of entries) {
    summaries.push({ ...entry, installed: entry.hint === undefined, package: null });
  }
  return summaries;
}

/** The definitions of all predictors that are registered or installed as packages, but the experimental ones of packages; a plugin that does not load is left out. */
export async function listDefinitions(): Promise<readonly PredictorDefinition[]> {
  for (const known of KNOWN_PREDICTORS)
    if (known.accuracy !== 'experimental') await registerInstalled(known);
  await registerDiscovered();
  return [...registered];
}

async function registerInstalled(known: KnownPredictor): Promise<void> {
  const plugins = await installedPlugins('nnmeter-predictor');
  const plugin = plugins.find(({ name }) => name === known.package);
  if (plugin !== undefined) await registerPlugin(plugin, known.name);
}

let discovery: Promise<NnMeterError | undefined> | undefined;

/** Registers the plugins of others, once; resolves to why one of them does not load. */
function registerDiscovered(): Promise<NnMeterError | undefined> {
  discovery ??= (async () => {
    const known = new Set(KNOWN_PREDICTORS.map((predictor) => predictor.package));
    let problem: NnMeterError | undefined;
    for (const plugin of await installedPlugins('nnmeter-predictor')) {
      if (known.has(plugin.name)) continue;
      try {
        await registerPlugin(plugin);
      } catch (error) {
        if (!(error instanceof NnMeterError) || error.code !== 'E_MISSING_PACKAGE') throw error;
        problem ??= error;
      }
    }
    return problem;
  })();
  return discovery;
}

/** @param wanted of the predictors of a package that has several by name */
async function registerPlugin({ name, load }: DiscoveredPackage, wanted?: string): Promise<void> {
  const { default: exported } = await load();
  const several = exported as Readonly<Record<string, () => Promise<unknown>>> | undefined;
  const loadOne = wanted === undefined ? undefined : several?.[wanted];
  const definition = typeof loadOne === 'function' ? await loadOne() : exported;
  locateErrors(
    () => ({ part: `predictor plugin ${name}` }),
    () => register(definition as PredictorDefinition, name),
  );
}

function summarize(definition: PredictorDefinition): PredictorSummary {
  const { name, aliases, version, device, manifest } = definition;
  return {
    name,
    aliases,
    version,
    device,
    accuracy: manifest.heldOut,
    ...(definition.accuracy && { status: definition.accuracy }),
    ...(definition.settings && { settings: definition.settings.map(summarizeSetting) }),
    installed: true,
    package: packageOf.get(definition) ?? null,
  };
}

function summarizeSetting(setting: DeviceSetting): SettingSummary {
  return { ...namedSetting(setting), within10: setting.learned.unseen.within10 };
}

function summarizeMissing(known: KnownPredictor): PredictorSummary {
  const { name, aliases, product, package: packageName, accuracy: status, settings } = known;
  return {
    name,
    aliases,
    version: null,
    device: { product },
    accuracy: null,
    ...(status && { status }),
    ...(settings && { settings }),
    installed: false,
    package: packageName,
  };
}

function notHereYet({ name, version, hint }: SourceEntry): NnMeterError {
  return new NnMeterError(
    'E_UNKNOWN_PREDICTOR',
    `predictor "${name}" ${version} is not on this machine yet`,
    { where: { predictor: name }, ...(hint && { hint }) },
  );
}

function unknownPredictor(name: string, entries: readonly SourceEntry[]): NnMeterError {
  const all = [...KNOWN_PREDICTORS, ...registered, ...entries];
  const names = new Set(all.map((predictor) => predictor.name));
  const near = nearestName(name, all.flatMap(namesOf));
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  return new NnMeterError(
    'E_UNKNOWN_PREDICTOR',
    `unknown predictor ${quote(name)}${hint}; known predictors: ${[...names].join(', ')}`,
  );
}

interface Named {
  readonly name: string;
  readonly aliases: readonly string[];
}

function namesOf(predictor: Named): string[] {
  return [predictor.name, ...predictor.aliases];
}

function goesBy(predictor: Named, name: string): boolean {
  const wanted = name.toLowerCase();
  return namesOf(predictor).some((known) => known.toLowerCase() === wanted);
}

function describe(definition: PredictorDefinition): string {
  const { name, version, device } = definition;
  const packageName = packageOf.get(definition);
  const from = packageName === undefined ? '' : ` of the package ${packageName}`;
  return `${name} ${version} (${device.product})${from}`;
}

function hasVersion(predictor: { readonly version: string }, version: string | undefined): boolean {
  return version === undefined || compareVersions(predictor.version, version) === 0;
}

/** Whether a predictor is what {@link loadLatencyPredictor} means by a name or alias, in any case, and a version: 2 is 2.0. */
export function isMeant(
  predictor: Named & { readonly version: string },
  name: string,
  version?: string,
): boolean {
  return goesBy(predictor, name) && hasVersion(predictor, version);
}

/** Part by part as numbers, a missing part counting as 0: 2 = 2.0 < 2.0.1 < 2.10. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.'), b.split('.')];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const order = (left[index] ?? '0').localeCompare(right[index] ?? '0', 'en', { numeric: true });
    if (order !== 0) return order;
  }
  return 0;
}
