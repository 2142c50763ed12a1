import { realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { fileError } from './file-error.ts';

/**
 * The real path of what is in a folder or below it; undefined if `location`, or a symbolic link on the way, leads out.
 * @param location from the folder, or absolute
 * @throws NnMeterError E_FILE if there is nothing
 */
export function realPathInside(folder: string, location: string): string | undefined {
  try {
    const root = realpathSync(folder);
    const path = realpathSync(resolve(root, location));
    return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep)
      ? path
      : undefined;
  } catch (error) {
    throw fileError('open', location, error);
  }
}
