import { createRequire } from 'node:module';
import { NnMeterError } from '@nnmeter/ir';
import { parseArguments } from './arguments.ts';
import { trainFromFolders } from './train-from-folders.ts';

/**
 * Runs `nnmeter-train` with the arguments of a command line (without `node` and the script).
 * @returns the exit code: 1 if anything failed
 */
export async function main(argv: readonly string[]): Promise<number> {
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
  try {
    const options = await parseArguments(argv, version);
    if (options !== undefined) await trainFromFolders(options, version);
    return 0;
  } catch (error) {
    const { message, stack } = error as Error;
    const text = error instanceof NnMeterError ? message : (stack ?? message);
    process.stderr.write(`nnmeter-train: error: ${text}\n`);
    return 1;
  }
}
