import { NnMeterError, quote } from '@nnmeter/ir';
import { checkDefinition, type DeviceFacts, type PredictorDefinition } from './definition.ts';
import { KNOWN_PREDICTORS, type KnownPredictor } from './known-predictors.ts';
import type { LatencyMetrics } from './metrics.ts';
import { nearestName } from './nearest.ts';
import { importOptional, missingPackage } from './optional-package.ts';
import { createPredictor, type LatencyPredictor } from './predictor.ts';

/** One row of {@link listLatencyPredictors}. */
export interface PredictorSummary {
  readonly name: string;
  readonly aliases: readonly string[];
  /** Null if not installed. */
  readonly version: string | null;
  /** Only the product if not installed. */
  readonly device: Pick<DeviceFacts, 'product'> & Partial<DeviceFacts>;
  /** On models that training did not see; null if not installed. */
  readonly accuracy: LatencyMetrics | null;
  readonly installed: boolean;
  /** The package to install; null for predictors registered by the program. */
  readonly package: string | null;
}

const registered: PredictorDefinition[] = [];

/**
 * Makes a predictor known to {@link loadLatencyPredictor}: your own, or a plugin that cannot be found by its package
 * name (browsers, bundles). Registering the same one again does nothing.
 * @throws NnMeterError E_INVALID_INPUT if it is no definition, or another predictor has the same name and version, or
 * one of its names.
 */
export function registerPredictor(definition: PredictorDefinition): void {
  checkDefinition(definition);
  if (registered.includes(definition)) return;
  for (const other of registered) {
    const shared = namesOf(definition).find((name) => goesBy(other, name));
    if (shared === undefined) continue;
    const sameName = definition.name.toLowerCase() === other.name.toLowerCase();
    if (sameName && compareVersions(definition.version, other.version) !== 0) continue;
    if (sameName && JSON.stringify(definition) === JSON.stringify(other)) return;
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
 * predictors and installed plugin packages.
 * @throws NnMeterError E_UNKNOWN_PREDICTOR with the known names, E_MISSING_PACKAGE with the package to install,
 * E_WEIGHTS if its weights are damaged.
 */
export async function loadLatencyPredictor(
  name: string,
  version?: string,
): Promise<LatencyPredictor> {
  const known = KNOWN_PREDICTORS.find((predictor) => goesBy(predictor, name));
  if (known !== undefined) await registerInstalled(known);
  const versions = registered
    .filter((definition) => goesBy(definition, name))
    .sort((a, b) => compareVersions(b.version, a.version));
  if (versions.length === 0) {
    if (known === undefined) throw unknownPredictor(name);
    throw missingPackage(
      `predictor "${known.name}"`,
      known.package,
      'registerPredictor(definition)',
    );
  }
  const chosen =
    version === undefined
      ? versions[0]
      : versions.find((definition) => compareVersions(definition.version, version) === 0);
  if (chosen === undefined) {
    throw new NnMeterError(
      'E_UNKNOWN_PREDICTOR',
      `predictor "${versions[0]!.name}" has no version "${version}"; installed: ` +
        versions.map((definition) => definition.version).join(', '),
    );
  }
  return createPredictor(chosen);
}

/** Every predictor that is registered or published, the published ones first, whether installed or not. */
export async function listLatencyPredictors(): Promise<PredictorSummary[]> {
  const summaries: PredictorSummary[] = [];
  for (const known of KNOWN_PREDICTORS) {
    await registerInstalled(known);
    const found = registered.filter((definition) => goesBy(definition, known.name));
    for (const definition of found) summaries.push(summarize(definition, known.package));
    if (found.length === 0) summaries.push(summarizeMissing(known));
  }
  for (const definition of registered) {
    if (KNOWN_PREDICTORS.some((known) => goesBy(definition, known.name))) continue;
    summaries.push(summarize(definition, null));
  }
  return summaries;
}

async function registerInstalled(known: KnownPredictor): Promise<void> {
  const plugin = await importOptional(known.package);
  if (plugin !== undefined) registerPredictor(plugin.default as PredictorDefinition);
}

function summarize(definition: PredictorDefinition, packageName: string | null): PredictorSummary {
  const { name, aliases, version, device, manifest } = definition;
  return {
    name,
    aliases,
    version,
    device,
    accuracy: manifest.heldOut,
    installed: true,
    package: packageName,
  };
}

function summarizeMissing(known: KnownPredictor): PredictorSummary {
  const { name, aliases, product, package: packageName } = known;
  return {
    name,
    aliases,
    version: null,
    device: { product },
    accuracy: null,
    installed: false,
    package: packageName,
  };
}

function unknownPredictor(name: string): NnMeterError {
  const all = [...KNOWN_PREDICTORS, ...registered];
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

function describe({ name, version, device }: PredictorDefinition): string {
  return `${name} ${version} (${device.product})`;
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
