import { stat } from 'node:fs/promises';
import { usageError } from './arguments.ts';

/** @throws NnMeterError E_USAGE if a file to be written is one of those that are read, by whatever path */
export async function keepInputs(output: string, inputs: readonly string[]): Promise<void> {
  // On Windows the numbers of files are larger than a double is exact for.
  const found = (path: string) => stat(path, { bigint: true }).catch(() => undefined);
  const target = await found(output);
  if (target === undefined) return;
  for (const input of inputs) {
    const source = await found(input);
    if (source?.ino !== target.ino || source.dev !== target.dev) continue;
    throw usageError(`--output ${output} would overwrite ${input}, which is read; choose another`);
  }
}
