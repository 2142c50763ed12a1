import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describeFileError } from '@nnmeter/files';
import { NnMeterError, quote } from '@nnmeter/ir';

/**
 * The folder of the original nn-Meter, read and never written.
 * @throws NnMeterError E_FILE if the user has no home folder, as in some containers
 */
export function originalFolder(): string {
  try {
    return join(homedir(), '.nn_meter');
  } catch (cause) {
    throw new NnMeterError(
      'E_FILE',
      'the user of this process has no home folder; name one in HOME, or a folder for nn-Meter in NNMETER_HOME',
      { cause },
    );
  }
}

/** Where downloads and converted predictors are kept unless the configuration names another folder. */
export function defaultDataFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.NNMETER_HOME) return join(env.NNMETER_HOME, 'data');
  if (env.XDG_DATA_HOME) return join(env.XDG_DATA_HOME, 'nn-meter');
  return join(originalFolder(), 'data');
}

/** The one configuration file. */
export function configurationFile(env: NodeJS.ProcessEnv = process.env): string {
  if (env.NNMETER_HOME) return join(env.NNMETER_HOME, 'config.json');
  if (env.XDG_CONFIG_HOME) return join(env.XDG_CONFIG_HOME, 'nn-meter', 'config.json');
  return join(originalFolder(), 'config', 'nn-meter.json');
}

/** Makes a folder of what is kept, with those above it. @throws NnMeterError E_FILE naming it if it cannot be written to */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (cause) {
    const reason = describeFileError(cause) ?? (cause as Error).message;
    throw new NnMeterError(
      'E_FILE',
      `downloads and predictors are kept in ${quote(folder)}, which cannot be written to (${reason}); correct that, or name another folder in NNMETER_HOME`,
      { cause },
    );
  }
}
