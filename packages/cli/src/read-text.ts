import { readBoundedText } from '@nnmeter/files';

/** A measured model takes a line of some 100 bytes; a million of them are read. */
const LIMIT = 128 << 20;

/** The text of a file, without a byte order mark. @throws NnMeterError E_FILE that names it, E_LIMIT */
export function readText(path: string): Promise<string> {
  return readBoundedText(path, LIMIT);
}
