import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BoostingOptions } from '@nnmeter/forest';
import { NnMeterError, quote } from '@nnmeter/ir';
import type { FusionRules } from '@nnmeter/kernel-detect';
import type { DevicePhysics, TermSetName } from '@nnmeter/latency-model';
import { type Anchor, readAnchors } from './anchors.ts';
import { parseJson, readJson } from './read-json.ts';

/** What training has to know about a device. */
export interface Device {
  /** Under which the measurements are listed, and the predictor is known. */
  readonly name: string;
  /** The set of latency terms. */
  readonly terms: TermSetName;
  /** Numbers left out are estimated from the measurements (`estimatePhysics`). */
  readonly physics?: Partial<DevicePhysics>;
  readonly rules: FusionRules;
  /** Kernels that were measured alone; default: none. */
  readonly anchors?: readonly Anchor[];
  /** Where the defaults of the tree correction do not fit. */
  readonly boosting?: Pick<BoostingOptions, 'rounds' | 'clipError' | 'lambda'> & {
    /** How strongly every kernel is drawn to its base latency, in networks. */
    readonly kernelPrior?: number;
  };
}

/** A device as a folder of data. */
export interface DeviceFolder extends Device {
  readonly folder: string;
  /** What the measurements are of, in words. */
  readonly trainedOn?: string;
  /** Place in lists. */
  readonly order?: number;
}

const DEVICE_FILE = 'device.json';

/** The fields of `device.json` that training uses. */
interface DeviceFile extends Pick<DeviceFolder, 'name' | 'terms' | 'trainedOn' | 'order'> {
  readonly physics?: Partial<DevicePhysics> & { readonly notes?: unknown };
  readonly boosting?: Device['boosting'] & { readonly notes?: unknown };
}

/**
 * Reads a device: `device.json` (schema/device.schema.json), `rules.json`, and `anchors.json` if there is one.
 * @throws NnMeterError E_FILE if a file cannot be read, E_INVALID_INPUT if it breaks its schema
 */
export async function readDevice(folder: string): Promise<DeviceFolder> {
  const file = await readJson<DeviceFile>(join(folder, DEVICE_FILE), 'device.schema.json');
  const { name, terms, physics, boosting, trainedOn, order } = file;
  const anchors = join(folder, 'anchors.json');
  return {
    folder,
    name,
    terms,
    ...(physics && { physics: withoutNotes(physics) }),
    ...(boosting && { boosting: withoutNotes(boosting) }),
    ...(trainedOn !== undefined && { trainedOn }),
    ...(order !== undefined && { order }),
    rules: (await parseJson(join(folder, 'rules.json'))) as FusionRules,
    anchors: existsSync(anchors) ? await readAnchors(anchors) : [],
  };
}

function withoutNotes<T extends { readonly notes?: unknown }>({ notes: _, ...data }: T) {
  return data;
}

/**
 * Reads the devices in the folders of a folder, those with a `device.json`, in the order of lists.
 * @param names folders to take; default: all
 * @throws NnMeterError E_FILE if there is no such device
 */
export async function readDevices(
  predictors: string,
  names?: readonly string[],
): Promise<DeviceFolder[]> {
  const found = (await readdir(predictors).catch(() => []))
    .filter((name) => existsSync(join(predictors, name, DEVICE_FILE)))
    .sort();
  const missing = names?.find((name) => !found.includes(name));
  if (found.length === 0 || missing !== undefined) {
    const which = missing === undefined ? 'no device' : `no device ${quote(missing)}`;
    throw new NnMeterError(
      'E_FILE',
      `${quote(predictors)} has ${which}: a device is a folder with a ${DEVICE_FILE}` +
        (found.length === 0 ? '' : `; there are ${found.join(', ')}`),
    );
  }
  const wanted = found.filter((name) => names?.includes(name) ?? true);
  const devices = await Promise.all(wanted.map((name) => readDevice(join(predictors, name))));
  const place = ({ order = Number.MAX_VALUE }: DeviceFolder): number => order;
  return devices.sort(
    (a, b) => place(a) - place(b) || (basename(a.folder) < basename(b.folder) ? -1 : 1),
  );
}
