// The devices of this repository: every folder in predictors/ with a device.json. All lists of devices come from here.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PREDICTORS = fileURLToPath(new URL('../predictors', import.meta.url));

/** Each device.json with the `folder` it is in and the name of its `package`, in the order of lists. */
export function readDevices() {
  const folders = readdirSync(PREDICTORS).filter((folder) =>
    existsSync(join(PREDICTORS, folder, 'device.json')),
  );
  const devices = folders.map((folder) => ({
    folder,
    package: json(join(PREDICTORS, folder, 'package.json')).name,
    ...json(join(PREDICTORS, folder, 'device.json')),
  }));
  const place = ({ order = Number.POSITIVE_INFINITY }) => order;
  const before = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  return devices.sort((a, b) => before(place(a), place(b)) || before(a.folder, b.folder));
}

/** Where the devices are that are learned from those of `readDevices`. */
export const LEARNED = join(PREDICTORS, 'learned/devices');

/** Their device.json with the `folder` it is in, in the order of lists. */
export function learnedDevices() {
  return readdirSync(LEARNED)
    .map((folder) => ({ folder, ...json(join(LEARNED, folder, 'device.json')) }))
    .sort((a, b) => a.order - b.order);
}

/** Fusion rules of what a learned device is learned from: a known device, or a framework. */
export function rulesOf({ device, rules }) {
  const path = device === undefined ? `learned/rules/${rules}.json` : `${device}/rules.json`;
  return json(join(PREDICTORS, path));
}

export function json(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/**
 * Writes generated code; a file that would not change stays as old as it is.
 * @param target path relative to the working directory, the package that is built
 * @param sources what it was made from, for its first line
 */
export function writeGenerated(target, sources, code) {
  const text = `// Generated from ${sources} by ${SCRIPT}: do not edit.\n${code}`;
  mkdirSync(dirname(target), { recursive: true });
  if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text);
}

const SCRIPT = process.argv[1]?.replaceAll('\\', '/').replace(/.*\/(?=scripts\/)/, '');
