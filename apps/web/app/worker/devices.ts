import { NnMeterError, quote } from '@nnmeter/ir';
import {
  type Calibration,
  calibratePredictor,
  createPredictor,
  type LatencyPredictor,
  listLatencyPredictors,
  loadLatencyPredictor,
  mapReports,
  type PredictorDefinition,
  type PredictorSummary,
  registerPredictor,
  settingText,
  withWarning,
} from '@nnmeter/predictor';
import type { BuiltDevice, ListedDevice } from '../protocol.ts';

type Definitions =
  | PredictorDefinition
  | Readonly<Record<string, () => Promise<PredictorDefinition>>>;

/** The packages of devices; one is loaded when its device is chosen. */
const PACKAGES: Readonly<Record<string, () => Promise<{ readonly default: Definitions }>>> = {
  '@nnmeter/predictor-adreno630': () => import('@nnmeter/predictor-adreno630'),
  '@nnmeter/predictor-adreno640': () => import('@nnmeter/predictor-adreno640'),
  '@nnmeter/predictor-cortexa76': () => import('@nnmeter/predictor-cortexa76'),
  '@nnmeter/predictor-myriadvpu': () => import('@nnmeter/predictor-myriadvpu'),
  '@nnmeter/predictors-learned': () => import('@nnmeter/predictors-learned'),
};

const published = listLatencyPredictors().then((all) => all.flatMap(inSettings));
/** Built on this page, by name. */
const built = new Map<string, BuiltDevice>();
const loading = new Map<string, Promise<LatencyPredictor>>();
const calibrations = new Map<string, Calibration>();

/** Every device that can be chosen, from before any is loaded. */
export async function listDevices(): Promise<readonly ListedDevice[]> {
  return [...(await published), ...[...built.values()].map(summarize)];
}

/** Has a device among the others that was built on this page. */
export function addBuilt(device: BuiltDevice): ListedDevice {
  const { name } = device.definition;
  built.set(name, device);
  loading.delete(name);
  return summarize(device);
}

/** @throws NnMeterError E_UNKNOWN_PREDICTOR */
export function builtDevice(name: string): BuiltDevice {
  const device = built.get(name);
  if (device !== undefined) return device;
  throw new NnMeterError('E_UNKNOWN_PREDICTOR', `${quote(name)} was not built on this page`);
}

export function removeBuilt(name: string): void {
  built.delete(name);
  loading.delete(name);
  calibrations.delete(name);
}

/** A row for every setting that may be chosen. */
function inSettings({ settings = [], ...device }: PredictorSummary): readonly ListedDevice[] {
  const { name } = device;
  if (settings.length < 2) {
    const [only] = settings;
    return [{ ...device, id: name, ...(only && { within10: only.within10 }) }];
  }
  return settings.map(({ within10, ...setting }, index) => {
    const text = settingText(setting);
    const id = index === 0 ? name : `${name}:${text.replaceAll(/\W+/g, '-')}`;
    return { ...device, id, setting: { ...setting, text }, within10 };
  });
}

function summarize({ definition }: BuiltDevice): ListedDevice {
  const { name, aliases, version, device, manifest } = definition;
  const accuracy = manifest.heldOut;
  return { id: name, name, aliases, version, device, accuracy, installed: true, package: null };
}

/** A device's predictor by its id, by which its reports call it too; calibrated if it was. */
export async function loadDevice(id: string): Promise<LatencyPredictor> {
  const predictor = mapReports(await loadUncalibrated(id), (report) => ({
    ...report,
    predictor: id,
  }));
  const calibration = calibrations.get(id);
  if (calibration === undefined) return predictor;
  const note = `calibrated with ${calibration.measurements} measurements`;
  return withWarning(calibratePredictor(predictor, calibration), note);
}

/** As {@link loadDevice}, without calibration. */
export function loadUncalibrated(id: string): Promise<LatencyPredictor> {
  const known = loading.get(id) ?? load(id);
  loading.set(id, known);
  // What could not be loaded is asked for again the next time.
  known.catch(() => loading.delete(id));
  return known;
}

/** Undefined: as it was. */
export function calibrateDevice(id: string, calibration: Calibration | undefined): void {
  if (calibration === undefined) calibrations.delete(id);
  else calibrations.set(id, calibration);
}

async function load(id: string): Promise<LatencyPredictor> {
  const own = built.get(id);
  if (own !== undefined) return createPredictor(own.definition);
  const listed = (await published).find((each) => each.id === id);
  const { name = id, setting } = listed ?? {};
  const loadPackage = PACKAGES[listed?.package ?? ''];
  if (loadPackage !== undefined) {
    const { default: found } = await loadPackage();
    registerPredictor('weights' in found ? (found as PredictorDefinition) : await found[name]!());
  }
  return loadLatencyPredictor(name, undefined, setting);
}
