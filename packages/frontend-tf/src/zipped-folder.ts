import { NnMeterError, quote } from '@nnmeter/ir';
import { isZip, type ModelSource } from '@nnmeter/model-source';
import type { ZipEntry } from '@nnmeter/model-source/zip';
import { facts } from './generated/facts.ts';

const loadZip = () => import('@nnmeter/model-source/zip');

/** Whether a file is a zip of a SavedModel's folder. */
export async function isZippedFolder(source: ModelSource): Promise<boolean> {
  if (!isZip(source.head)) return false;
  const { zipEntries } = await loadZip();
  const entries = await zipEntries(source).catch(() => []);
  return graphsAmong(entries).length > 0;
}

/**
 * The bytes of the `saved_model.pb` in a zip, of which nothing else is unpacked; undefined if the file is no zip.
 * @throws NnMeterError E_INVALID_INPUT if the zip is damaged or does not hold exactly one, E_LIMIT for what is no real one
 */
export async function unpackGraph(source: ModelSource): Promise<Uint8Array | undefined> {
  if (!isZip(source.head)) return undefined;
  const { unpackEntry, zipEntries } = await loadZip();
  const graphs = graphsAmong(await zipEntries(source));
  const [graph] = graphs;
  if (graph !== undefined && graphs.length === 1) return unpackEntry(graph);
  const names = graphs.slice(0, 10).map(({ name }) => quote(name));
  throw new NnMeterError(
    'E_INVALID_INPUT',
    graph === undefined
      ? `the zip holds no ${facts.folderFile}`
      : `the zip holds ${graphs.length} SavedModels: ${names.join(', ')}`,
    { hint: 'zip the folder of one SavedModel' },
  );
}

function graphsAmong(entries: readonly ZipEntry[]): readonly ZipEntry[] {
  return entries.filter(({ name }) => `/${name}`.endsWith(`/${facts.folderFile}`));
}
