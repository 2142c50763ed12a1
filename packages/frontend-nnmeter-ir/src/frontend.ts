import { type Frontend, NnMeterError, quote } from '@nnmeter/ir';
import { readNnMeterIr } from './read.ts';

/** Parsing needs several times the size of the text in memory; nn-Meter's own largest files are under 1 MB. */
const MAX_FILE_BYTES = 256 * 2 ** 20;

/** Reads nn-Meter IR JSON; the one format that needs no package of its own. */
export const frontend: Frontend = {
  modelType: 'nnmeter-ir',
  suffixes: ['.json'],
  matches: (head) => /^\s*\{\s*"[\s\S]*"(attr|inbounds)"\s*:/.test(new TextDecoder().decode(head)),
  toGraph: readNnMeterIr,
  async fileToGraph(path, options) {
    const { readFile, stat } = await import(
      /* @vite-ignore */ /* webpackIgnore: true */ 'node:fs/promises'
    );
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) {
      throw new NnMeterError(
        'E_LIMIT',
        `${quote(path)} has ${Math.round(size / 2 ** 20)} MB; nn-Meter IR files may have up to 256 MB`,
      );
    }
    const name = path.replace(/^.*[\\/]/, '').replace(/\.json$/, '');
    return readNnMeterIr(await readFile(path), { name, ...options });
  },
};
