import { type Graph, NnMeterError, quote } from '@nnmeter/ir';
import { type ExportOptions, exportOnnx } from './export-onnx.ts';

/**
 * Writes `path` and, with external weights, a sparse file of zeros beside it, `<path>.weights` unless named; needs Node.
 * Each of them appears whole or not at all, the weights first. Resolves to the size of the weights in bytes.
 * @throws NnMeterError E_FILE naming the file that cannot be written
 */
export async function writeOnnxFile(
  graph: Graph,
  path: string,
  options: ExportOptions = {},
): Promise<number> {
  const { basename, dirname, join } = await import(
    /* @vite-ignore */ /* webpackIgnore: true */ 'node:path'
  );
  const { isReplaceable, writeWhole } = await import(
    /* @vite-ignore */ /* webpackIgnore: true */ '@nnmeter/files'
  );
  const externalFile = options.externalFile ?? `${basename(path)}.weights`;
  const { model, externalBytes } = exportOnnx(graph, { ...options, externalFile });
  if (externalBytes > 0) {
    if (!(await isReplaceable(path))) {
      throw new NnMeterError(
        'E_FILE',
        `external weights need a file beside the model; ${quote(path)} is a device or a pipe`,
      );
    }
    await writeWhole(join(dirname(path), externalFile), { zeroBytes: externalBytes });
  }
  await writeWhole(path, model);
  return externalBytes;
}
