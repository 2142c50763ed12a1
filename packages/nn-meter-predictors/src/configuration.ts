import { isAbsolute } from 'node:path';
import { isMissing, readBoundedText } from '@nnmeter/files';
import { NnMeterError } from '@nnmeter/ir';
import { configurationFile, defaultDataFolder } from './folders.ts';

/** What the configuration file may say; all of it is optional there. */
export interface Configuration {
  /** Absolute path of the folder for downloads and converted predictors. */
  readonly dataFolder: string;
  /** Other addresses of downloads, e.g. a mirror, by predictor name; `dataset` is the benchmark. */
  readonly downloads: Readonly<Record<string, string>>;
  /** SHA-256 that a download must have, in hex, by predictor name; `dataset` is the benchmark. */
  readonly checksums: Readonly<Record<string, string>>;
}

/**
 * Reads the configuration file; without one, the defaults.
 * @throws NnMeterError E_FILE if it cannot be read, E_INVALID_INPUT naming the file and the entry that is wrong.
 */
export async function readConfiguration(): Promise<Configuration> {
  const file = configurationFile();
  const entries = await readEntries(file);
  const wrong = (what: string) => new NnMeterError('E_INVALID_INPUT', `${file}: ${what}`);
  const { dataFolder = defaultDataFolder(), downloads = {}, checksums = {}, ...others } = entries;
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) {
    throw wrong(`unknown entry "${unknown}"; known are dataFolder, downloads, checksums`);
  }
  if (typeof dataFolder !== 'string' || !isAbsolute(dataFolder)) {
    throw wrong('dataFolder must be an absolute path');
  }
  if (!isTextRecord(downloads, /^https?:\/\/\S+$/)) {
    throw wrong('downloads must be an object of names and http(s) addresses');
  }
  if (!isTextRecord(checksums, SHA256)) {
    throw wrong('checksums must be an object of names and SHA-256 sums in hex');
  }
  return { dataFolder, downloads, checksums };
}

/** Addresses of some predictors. */
const LIMIT = 1 << 20;

async function readEntries(file: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readBoundedText(file, LIMIT);
  } catch (error) {
    if (isMissing(error)) return {};
    const { code, message } = error as NnMeterError;
    throw new NnMeterError(
      code,
      `the configuration: ${message}; correct that, or name another folder in NNMETER_HOME`,
      { cause: error },
    );
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    const { message } = cause as Error;
    throw new NnMeterError('E_INVALID_INPUT', `${file} is not JSON: ${message}`, { cause });
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
    return parsed as Record<string, unknown>;
  }
  throw new NnMeterError('E_INVALID_INPUT', `${file} is not a JSON object`);
}

/** A checksum as configurations and the record of checksums have it. */
export const SHA256 = /^[0-9a-f]{64}$/i;

/** Whether it is an object of texts of that form. */
export function isTextRecord(value: unknown, pattern: RegExp): value is Record<string, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((text) => typeof text === 'string' && pattern.test(text))
  );
}
