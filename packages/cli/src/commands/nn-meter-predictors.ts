import type { RemovedPredictor, StoredPredictor } from '@nnmeter/nn-meter-predictors';
import { printable } from '@nnmeter/report';
import {
  type DatasetArguments,
  type PredictorsArguments,
  type RegisterArguments,
  usageError,
} from '../arguments.ts';
import { startProgress } from '../render/progress.ts';
import type { Terminal } from '../terminal.ts';

/** `predictors pull NAME...`: downloads predictors of the original nn-Meter. @returns the exit code */
export async function pull(options: PredictorsArguments, terminal: Terminal): Promise<number> {
  const names = options.names ?? [];
  if (names.length === 0) {
    throw usageError(
      'name what to download, as in: nn-meter predictors pull NAME; "nn-meter predictors" lists the names',
    );
  }
  const { pullNnMeterPredictor } = await import('@nnmeter/nn-meter-predictors');
  const stored: StoredPredictor[] = [];
  for (const name of names) {
    stored.push(
      await withProgress(terminal, (onProgress) =>
        pullNnMeterPredictor(name, { onProgress, ...sha256(options) }),
      ),
    );
  }
  return report(stored, 'ready', options.json, terminal);
}

/** `predictors import FILE.zip|DIR...`: the same from disk. @returns the exit code */
export async function importFiles(
  options: PredictorsArguments,
  terminal: Terminal,
): Promise<number> {
  const paths = options.names ?? [];
  if (paths.length === 0) {
    throw usageError('name a zip or folder, as in: nn-meter predictors import FILE.zip');
  }
  const { importNnMeterPredictor } = await import('@nnmeter/nn-meter-predictors');
  const stored: StoredPredictor[] = [];
  for (const path of paths) stored.push(await importNnMeterPredictor(path));
  return report(stored, 'ready', options.json, terminal);
}

/** `register --predictor meta.yaml`, as in the original. @returns the exit code */
export async function register(options: RegisterArguments, terminal: Terminal): Promise<number> {
  const { registerNnMeterPredictor } = await import('@nnmeter/nn-meter-predictors');
  const stored = await registerNnMeterPredictor(wanted(options, 'meta.yaml'));
  return report([stored], 'registered', options.json, terminal);
}

/** `unregister --predictor NAME`. @returns the exit code */
export async function unregister(options: RegisterArguments, terminal: Terminal): Promise<number> {
  const { unregisterNnMeterPredictor } = await import('@nnmeter/nn-meter-predictors');
  const name = wanted(options, 'NAME');
  const stored = await unregisterNnMeterPredictor(name, options['predictor-version']);
  return report([stored], 'removed', options.json, terminal);
}

/** `dataset pull`: downloads the benchmark of measured models. @returns the exit code */
export async function dataset(options: DatasetArguments, terminal: Terminal): Promise<number> {
  const { pullDataset } = await import('@nnmeter/nn-meter-predictors');
  const folder = await withProgress(terminal, (onProgress) =>
    pullDataset({ onProgress, ...sha256(options), ...(options.zip && { zip: options.zip }) }),
  );
  await terminal.print(options.json ? `${JSON.stringify({ folder })}\n` : `${folder}\n`);
  return 0;
}

function wanted({ predictor }: RegisterArguments, example: string): string {
  if (predictor !== undefined) return predictor;
  throw usageError(`--predictor ${example} is missing`);
}

function sha256({ sha256 }: { sha256?: string | undefined }): { sha256?: string } {
  if (sha256 === undefined) return {};
  if (/^[0-9a-f]{64}$/i.test(sha256)) return { sha256 };
  throw usageError('--sha256 takes 64 hexadecimal digits');
}

/** Shows how much has arrived, once the size is known. */
async function withProgress<T>(
  terminal: Terminal,
  work: (onProgress: (received: number, total: number | undefined) => void) => Promise<T>,
): Promise<T> {
  let bar: Awaited<ReturnType<typeof startProgress>> | undefined;
  let shown = 0;
  const bars: Promise<unknown>[] = [];
  try {
    return await work((received, total) => {
      if (bars.length === 0 && total !== undefined) {
        bars.push(
          startProgress(total, 'bytes', terminal.showsProgress).then((started) => {
            bar = started;
          }),
        );
      }
      if (received < shown) shown = received;
      bar?.advance(received - shown);
      if (bar !== undefined) shown = received;
    });
  } finally {
    await Promise.all(bars);
    bar?.stop();
  }
}

/** What `predictors pull|import`, `register` and `unregister` print, see schema/stored.schema.json. */
async function report(
  predictors: readonly RemovedPredictor[],
  state: 'ready' | 'registered' | 'removed',
  json: boolean | undefined,
  terminal: Terminal,
): Promise<number> {
  const rows = predictors.map(({ name, version, category, kernels, origin }) => ({
    name,
    version,
    category,
    state,
    kernels: Object.keys(kernels),
    from: origin.from,
    sha256: origin.sha256,
  }));
  if (json) {
    await terminal.print(`${JSON.stringify(rows, null, 2)}\n`);
    return 0;
  }
  for (const { name, version, kernels, from, sha256 } of rows) {
    const checksum = sha256 === null ? '' : `, SHA-256 ${sha256.slice(0, 16)}...`;
    await terminal.print(
      `${name} ${version} ${state}: ${kernels.length} kernels from ${printable(from)}${checksum}\n`,
    );
  }
  return 0;
}
