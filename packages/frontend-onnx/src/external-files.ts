import type { ReadExternal } from './external-data.ts';

/** Reads from files in a model's folder and below it; a location that leads elsewhere is refused. Needs Node. */
export async function externalFiles(folder: string): Promise<ReadExternal> {
  const { closeSync, openSync, readSync, realpathSync, statSync } = await import(
    /* @vite-ignore */ /* webpackIgnore: true */ 'node:fs'
  );
  const { resolve, sep } = await import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:path');
  /** By location: the path of the file, or why it is not read. */
  const files = new Map<string, { readonly path: string } | { readonly problem: string }>();

  const find = (location: string): { path: string } | { problem: string } => {
    const root = realpathSync(folder);
    const path = realpathSync(resolve(root, location));
    if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) {
      return { problem: 'it lies outside the folder of the model, where no file is read' };
    }
    return statSync(path).isFile() ? { path } : { problem: 'it is not a regular file' };
  };

  const read = (path: string, offset: number, length: number): Uint8Array | string => {
    const descriptor = openSync(path, 'r');
    try {
      const bytes = new Uint8Array(length);
      const count = readSync(descriptor, bytes, 0, length, offset);
      return count === length ? bytes : `it ends before byte ${offset + length}`;
    } finally {
      closeSync(descriptor);
    }
  };

  return (location, offset, length) => {
    try {
      const file = files.get(location) ?? find(location);
      files.set(location, file);
      return 'path' in file ? read(file.path, offset, length) : file.problem;
    } catch (error) {
      const problem = (error as Error).message;
      files.set(location, { problem });
      return problem;
    }
  };
}
