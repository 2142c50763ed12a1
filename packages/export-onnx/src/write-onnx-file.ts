import { type Graph, graphCost, NnMeterError, quote } from '@nnmeter/ir';
import { type ExportOptions, exportOnnx } from './export-onnx.ts';

export interface OnnxFileOptions extends ExportOptions {
  /** Whether weights are in a file beside the model; default: if they are too large for one file. */
  readonly external?: boolean;
}

/** Weights of a model that leave room for the rest of it in the 2 GB that an ONNX file may have. */
const MOST_INSIDE = 1.9e9;

/**
 * Writes `path` and, with external weights, a file beside it, `<path>.weights` unless named, sparse where they are zeros;
 * needs Node. Each of them appears whole or not at all, and neither before both are written. Resolves to the size of the
 * external weights in bytes.
 * @throws NnMeterError E_FILE naming the file that cannot be written
 */
export async function writeOnnxFile(
  graph: Graph,
  path: string,
  options: OnnxFileOptions = {},
): Promise<number> {
  const { basename, dirname, join } = await import(
    /* @vite-ignore */ /* webpackIgnore: true */ 'node:path'
  );
  const { isReplaceable, writeTogether } = await import(
    /* @vite-ignore */ /* webpackIgnore: true */ '@nnmeter/files'
  );
  const { externalFile = `${basename(path)}.weights`, external, ...rest } = options;
  const isExternal =
    external ?? (options.externalFile !== undefined || graphCost(graph).weightBytes > MOST_INSIDE);
  const { model, externalBytes, externalParts } = exportOnnx(graph, {
    ...rest,
    ...(isExternal && { externalFile }),
  });
  const files = [{ path, content: model }];
  if (externalBytes === 0) await writeTogether(files);
  else {
    if (!(await isReplaceable(path))) {
      throw new NnMeterError(
        'E_FILE',
        `external weights need a file beside the model; ${quote(path)} is a device or a pipe`,
      );
    }
    const weights = { size: externalBytes, parts: externalParts };
    await writeTogether([{ path: join(dirname(path), externalFile), content: weights }, ...files]);
  }
  return externalBytes;
}
