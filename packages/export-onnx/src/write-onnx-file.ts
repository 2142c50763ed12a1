import { type Graph, NnMeterError, quote } from '@nnmeter/ir';
import { type ExportOptions, exportOnnx } from './export-onnx.ts';

/**
 * Writes `path` and, with external weights, a sparse file of zeros beside it, `<path>.weights` unless named; needs Node.
 * Each of them appears whole or not at all, and neither before both are written. Resolves to the size of the weights in bytes.
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
  const { isReplaceable, writeTogether } = await import(
    /* @vite-ignore */ /* webpackIgnore: true */ '@nnmeter/files'
  );
  const externalFile = options.externalFile ?? `${basename(path)}.weights`;
  const { model, externalBytes } = exportOnnx(graph, { ...options, externalFile });
  const files = [{ path, content: model }];
  if (externalBytes === 0) await writeTogether(files);
  else {
    if (!(await isReplaceable(path))) {
      throw new NnMeterError(
        'E_FILE',
        `external weights need a file beside the model; ${quote(path)} is a device or a pipe`,
      );
    }
    const weights = { zeroBytes: externalBytes };
    await writeTogether([{ path: join(dirname(path), externalFile), content: weights }, ...files]);
  }
  return externalBytes;
}
