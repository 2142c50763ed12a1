// What the scripts that print accuracy share.
import { join } from 'node:path';
import { json, LEARNED, learnedDevices, readDevices } from './devices.mjs';

/** Plugins, and nn-Meter's published share of models within 10 %, where there is one. */
export const DEVICES = readDevices().map(({ folder, title, nnMeter }) => ({
  folder,
  title,
  published: nnMeter?.within10,
}));

/** Devices that are learned from those, with what they are worth in each setting. */
export const LEARNED_DEVICES = learnedDevices().map(({ folder, title }) => ({
  folder,
  title,
  settings: json(join(LEARNED, folder, 'settings.json')),
  /** Settings that are not worth shipping. */
  notShipped: json(join(LEARNED, folder, 'manifest.json')).notShipped,
}));

/** Only a whole shows as 100 %. */
export function percent(share, digits = 1) {
  if (share === undefined) return '-';
  const most = share < 1 ? 100 - 10 ** -digits : 100;
  return `${Math.min(share * 100, most).toFixed(digits)} %`;
}

/** A share by family, of models within 10 % unless said otherwise: median of the families, and the worst of them. */
export function medianAndWorst(families, shareOf = ({ within10 }) => within10) {
  const sorted = Object.entries(families)
    .map(([family, metrics]) => [family, shareOf(metrics)])
    .sort(([, a], [, b]) => a - b);
  const shareAt = (index) => sorted[Math.floor(index)][1];
  const middle = (sorted.length - 1) / 2;
  return {
    median: (shareAt(middle) + shareAt(middle + 0.5)) / 2,
    worst: shareAt(0),
    family: sorted[0][0],
  };
}
