import { type Graph, locateErrors, type ReadOptions } from '@nnmeter/ir';
import { openFile } from '@nnmeter/model-source';
import { decodeModel } from './decode.ts';
import { valueReader } from './external-data.ts';
import { externalFiles } from './external-files.ts';
import { toGraph } from './to-graph.ts';

/**
 * Reads an ONNX model from a path; needs Node. Weights are stepped over, so that memory and time do not depend on their
 * size. The graph is named after the file unless a name is given.
 * @throws NnMeterError as `readOnnx`, and E_FILE if the file cannot be read.
 */
export async function readOnnxFile(path: string, options: ReadOptions = {}): Promise<Graph> {
  const { basename, dirname } = await import(
    /* @vite-ignore */ /* webpackIgnore: true */ 'node:path'
  );
  const name = options.name ?? basename(path).replace(/\.onnx$/i, '');
  const source = await openFile(path);
  const readExternal = await externalFiles(dirname(path));
  try {
    return locateErrors(
      () => path,
      () => toGraph(decodeModel(source), { ...options, name }, valueReader(readExternal)),
    );
  } finally {
    source.close();
  }
}
