import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '@nnmeter/files';
import { locateError } from '@nnmeter/ir';
import type { RunnableModel } from './runner.ts';

/** Runs `body` with the file of a model in a folder of its own, which is deleted afterwards. Errors name the model. */
export async function withModelFile<T>(
  parent: string,
  model: RunnableModel,
  format: string,
  body: (file: string, folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(parent, 'model-'));
  try {
    // Never a name of the user's, which might mean something to a program.
    const file = join(folder, `model.${format}`);
    await writeFile(file, model.bytes()).catch((cause: unknown) => {
      throw fileError('write', file, cause);
    });
    return await body(file, folder);
  } catch (error) {
    throw locateError({ file: model.id }, error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
