import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, writeTogether } from '@nnmeter/files';
import type { Build } from './build.ts';

/** Writes the plugin of a build into a folder. @throws NnMeterError E_FILE; then no file has changed */
export async function writePlugin(folder: string, build: Pick<Build, 'files'>): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw fileError('write', folder, cause);
  }
  const entries = Object.entries(build.files());
  await writeTogether(entries.map(([file, content]) => ({ path: join(folder, file), content })));
}
