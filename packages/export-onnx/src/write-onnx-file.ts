import type { Graph } from '@nnmeter/ir';
import { type ExportOptions, exportOnnx } from './export-onnx.ts';

/**
 * Writes `path` and, with external weights, a sparse file of zeros beside it, `<path>.weights` unless named; needs Node.
 * Resolves to the size of the weights in bytes.
 */
export async function writeOnnxFile(
  graph: Graph,
  path: string,
  options: ExportOptions = {},
): Promise<number> {
  const { open, writeFile } = await import(
    /* @vite-ignore */ /* webpackIgnore: true */ 'node:fs/promises'
  );
  const { basename, dirname, join } = await import(
    /* @vite-ignore */ /* webpackIgnore: true */ 'node:path'
  );
  const externalFile = options.externalFile ?? `${basename(path)}.weights`;
  const { model, externalBytes } = exportOnnx(graph, { ...options, externalFile });
  await writeFile(path, model);
  if (externalBytes > 0) {
    const file = await open(join(dirname(path), externalFile), 'w');
    await file.truncate(externalBytes);
    await file.close();
  }
  return externalBytes;
}
