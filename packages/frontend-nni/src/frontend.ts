import { type Frontend, NnMeterError, quote } from '@nnmeter/ir';
import { readNniIr } from './read.ts';

/** Parsing needs several times the size of the text in memory; NNI writes a few hundred bytes a node. */
const MAX_FILE_BYTES = 256 * 2 ** 20;

/** Finds and reads NNI IR; also made known to @nnmeter/predictor by its package name. */
export const frontend: Frontend = {
  modelType: 'nni-ir',
  suffixes: ['.json'],
  matches: (head) => {
    const text = new TextDecoder().decode(head);
    return (
      /^\s*\{/.test(text) &&
      /"operation"\s*:\s*\{\s*"(type|parameters|attributes|cell_name)"|"(head|tail)"\s*:\s*\[/.test(
        text,
      )
    );
  },
  toGraph: readNniIr,
  async fileToGraph(path, options) {
    const { readFile, stat } = await import(
      /* @vite-ignore */ /* webpackIgnore: true */ 'node:fs/promises'
    );
    try {
      const { size } = await stat(path);
      if (size > MAX_FILE_BYTES) {
        throw new NnMeterError(
          'E_LIMIT',
          `${quote(path)} has ${Math.round(size / 2 ** 20)} MB; NNI graphs may have up to 256 MB`,
        );
      }
      const name = path.replace(/^.*[\\/]/, '').replace(/\.json$/, '');
      return readNniIr(await readFile(path), { name, ...options });
    } catch (error) {
      if (error instanceof NnMeterError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new NnMeterError('E_FILE', `${quote(path)} cannot be read: ${reason}`, {
        cause: error,
      });
    }
  },
};
