import { NnMeterError, quote } from '@nnmeter/ir';
import { formatFacts } from './formats.ts';
import type { RemoteBlob } from './remote-blob.ts';

const ZIP = 'PK\x03\x04';
/** What makes folders a model describes it, without weights; more is none. */
const MOST_BYTES = 400 * 2 ** 20;

/** The files of a model; of a folder in a zip (a SavedModel) the file that makes it one. */
export async function unpackFolder(
  files: readonly (File | RemoteBlob)[],
): Promise<readonly (File | RemoteBlob)[]> {
  const [file] = files;
  if (file === undefined || !(await isZip(file))) return files;
  const { unzip } = await import('unzipit');
  const reader = {
    getLength: async () => file.size,
    read: async (start: number, length: number) =>
      new Uint8Array(await file.slice(start, start + length).arrayBuffer()),
  };
  // What cannot be read as a zip is left to the formats that are zips themselves.
  const entries = await unzip(reader).then(
    (zip) => zip.entries,
    () => ({}),
  );
  const folderFiles = formatFacts.flatMap(({ folderFile }) => folderFile ?? []);
  const entry = Object.values(entries).find(({ name }) =>
    folderFiles.some((wanted) => `/${name}`.endsWith(`/${wanted}`)),
  );
  if (entry === undefined) return files;
  const { name, size, encrypted } = entry;
  if (encrypted || size > MOST_BYTES) {
    throw new NnMeterError(
      'E_LIMIT',
      `the ${quote(name)} in it ${encrypted ? 'is encrypted' : `has ${size} bytes, which no real one has`}`,
      { where: { file: file.name }, hint: 'unpack it and drop the folder' },
    );
  }
  return [new File([await entry.arrayBuffer()], name)];
}

async function isZip(file: File | RemoteBlob): Promise<boolean> {
  const head = new Uint8Array(await file.slice(0, ZIP.length).arrayBuffer());
  return String.fromCharCode(...head) === ZIP;
}
