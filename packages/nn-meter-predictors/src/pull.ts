import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  isMissing,
  makeTemporaryFolder,
  readBoundedText,
  removeAbandoned,
  writeWhole,
} from '@nnmeter/files';
import { NnMeterError, quote } from '@nnmeter/ir';
import { isTextRecord, readConfiguration, SHA256 } from './configuration.ts';
import { type DownloadOptions, download } from './download.ts';
import { makeFolder } from './folders.ts';
import { fileSha256, type ImportOptions, importPredictor } from './import-release.ts';
import { replaceFolder, withLock } from './lock.ts';
import { datasetFolder } from './nn-meter-dataset.ts';
import { originalPredictors } from './original-configuration.ts';
import { BENCHMARK_URL, nnMeterReleases } from './releases.ts';
import type { StoredPredictor } from './store.ts';
import { type ArchiveEntry, withZip } from './zip.ts';

export interface PullOptions extends DownloadOptions {
  /** SHA-256 in hex that the download must have. */
  readonly sha256?: string;
}

/**
 * Downloads a published predictor of the original nn-Meter and stores it. The first download's SHA-256 is recorded in
 * `checksums.json` of the data folder; later ones must have the same.
 * @throws NnMeterError E_UNKNOWN_PREDICTOR, E_DOWNLOAD (also for a wrong checksum), and those of {@link importNnMeterPredictor}
 */
export async function pullNnMeterPredictor(
  name: string,
  options: PullOptions & Pick<ImportOptions, 'onKernel'> = {},
): Promise<StoredPredictor> {
  const configuration = await readConfiguration();
  const wanted = name.toLowerCase();
  const release = nnMeterReleases.find((each) =>
    [each.name, ...each.aliases].some((known) => known.toLowerCase() === wanted),
  );
  const listed = (await originalPredictors(() => {})).find(
    (each) => each.name.toLowerCase() === wanted && each.download !== undefined,
  );
  const known = release ?? listed;
  if (known === undefined) {
    const names = nnMeterReleases.map((each) => each.name).join(', ');
    throw new NnMeterError(
      'E_UNKNOWN_PREDICTOR',
      `no predictor ${quote(name)} can be downloaded; there are ${names}`,
    );
  }
  const url = configuration.downloads[known.name] ?? release?.url ?? listed!.download!;
  const { dataFolder } = configuration;
  const zip = await downloadChecked(url, known.name, configuration, options);
  try {
    const { onKernel } = options;
    return await importPredictor(zip, dataFolder, {
      name: known.name,
      version: known.version,
      from: url,
      ...(known.category && { category: known.category }),
      ...(onKernel && { onKernel }),
    });
  } finally {
    await rm(zip, { force: true });
  }
}

/** Folders that are being filled begin so. */
const DATASET_PARTIAL = '.dataset-';

/** The official archive unpacks to a few GB. */
const DATASET_LIMITS = { entries: 1000, entryBytes: 8 * (1 << 30), totalBytes: 32 * (1 << 30) };

/**
 * Downloads the authors' benchmark, or takes its zip from disk, and unpacks its .jsonl files for `nnMeterDataset()`.
 * @returns the folder
 * @throws NnMeterError E_DOWNLOAD, E_INVALID_INPUT, E_LIMIT
 */
export async function pullDataset(options: PullOptions & { zip?: string } = {}): Promise<string> {
  const configuration = await readConfiguration();
  const { dataFolder, downloads } = configuration;
  const url = downloads.dataset ?? BENCHMARK_URL;
  const zip = options.zip ?? (await downloadChecked(url, 'dataset', configuration, options));
  await makeFolder(dataFolder);
  await removeAbandoned(dataFolder, DATASET_PARTIAL);
  const { path: partial, discard } = makeTemporaryFolder(join(dataFolder, DATASET_PARTIAL));
  try {
    await withZip(zip, DATASET_LIMITS, async (entries) => {
      const files = entries.filter(({ path }) => /^[\w-][\w.-]*\.jsonl$/.test(basename(path)));
      if (files.length === 0) {
        throw new NnMeterError('E_INVALID_INPUT', `${quote(zip)} holds no .jsonl file`);
      }
      requireDistinctNames(files);
      for (const file of files) {
        const target = join(partial, basename(file.path));
        await pipeline(await file.stream(), createWriteStream(target, { flags: 'wx' }));
      }
    });
    await replaceFolder(dataFolder, partial, datasetFolder(dataFolder));
  } finally {
    await discard();
    if (options.zip === undefined) await rm(zip, { force: true });
  }
  return datasetFolder(dataFolder);
}

/** All of them are unpacked into one folder, which may not tell capital letters. */
function requireDistinctNames(files: readonly ArchiveEntry[]): void {
  const seen = new Map<string, string>();
  for (const { path } of files) {
    const name = basename(path).toLowerCase();
    const other = seen.get(name);
    if (other !== undefined) {
      throw new NnMeterError(
        'E_INVALID_INPUT',
        `the zip holds ${quote(other)} and ${quote(path)}, which would be one file of the dataset; name one of them otherwise`,
      );
    }
    seen.set(name, path);
  }
}

/** Downloads to a file of the data folder and checks it. @returns its path */
async function downloadChecked(
  url: string,
  name: string,
  { dataFolder, checksums }: { dataFolder: string; checksums: Readonly<Record<string, string>> },
  options: PullOptions,
): Promise<string> {
  const target = join(dataFolder, 'downloads', `${name}.zip`);
  await makeFolder(dataFolder);
  await download(url, target, options);
  const found = await fileSha256(target);
  const recorded = await recordedChecksums(dataFolder);
  const expected = options.sha256 ?? checksums[name] ?? recorded[url];
  if (expected !== undefined && expected.toLowerCase() !== found) {
    await rm(target, { force: true });
    throw new NnMeterError(
      'E_DOWNLOAD',
      `${url} has the SHA-256 ${found}, expected was ${expected}: the file was changed on its way or at its source; ` +
        `nothing was imported. If the change is known to be right, remove the old sum from ${checksumFile(dataFolder)}`,
    );
  }
  if (recorded[url] !== found) {
    await withLock(dataFolder, async () => {
      const sums = { ...(await recordedChecksums(dataFolder)), [url]: found };
      await writeWhole(checksumFile(dataFolder), `${JSON.stringify(sums, null, 2)}\n`);
    });
  }
  return target;
}

function checksumFile(dataFolder: string): string {
  return join(dataFolder, 'checksums.json');
}

/** A line of some 150 bytes for each address. */
const MAX_CHECKSUM_BYTES = 1 << 20;

async function recordedChecksums(dataFolder: string): Promise<Record<string, string>> {
  const file = checksumFile(dataFolder);
  let recorded: unknown;
  try {
    recorded = JSON.parse(await readBoundedText(file, MAX_CHECKSUM_BYTES));
  } catch (cause) {
    if (isMissing(cause)) return {};
    throw new NnMeterError('E_FILE', `${file} cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (isTextRecord(recorded, SHA256)) return recorded;
  throw new NnMeterError(
    'E_FILE',
    `${file} is not an object of addresses and SHA-256 sums; correct or delete it`,
  );
}
