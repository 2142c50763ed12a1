import { type Graph, NnMeterError, type ReadOptions } from '@nnmeter/ir';
import { openFile } from '@nnmeter/protobuf';
import { decodeModel } from './decode.ts';
import { type ReadExternal, valueReader } from './external-data.ts';
import { toGraph } from './to-graph.ts';

/**
 * Reads an ONNX model from a path; needs Node. Weights are stepped over, so that memory and time do not depend on their
 * size. The graph is named after the file unless a name is given.
 * @throws NnMeterError as `readOnnx`, and E_FILE if the file cannot be read.
 */
export async function readOnnxFile(path: string, options: ReadOptions = {}): Promise<Graph> {
  const source = await openFile(path);
  try {
    const { basename, dirname } = await import('node:path');
    const name = options.name ?? basename(path).replace(/\.onnx$/i, '');
    const readExternal = await externalReader(dirname(path));
    return toGraph(decodeModel(source), { ...options, name }, valueReader(readExternal));
  } catch (cause) {
    if (!(cause instanceof NnMeterError)) throw cause;
    throw new NnMeterError(cause.code, `${path}: ${cause.message}`, { cause });
  } finally {
    source.close();
  }
}

/** Reads from files in the model's folder and below it; a location that leads elsewhere is refused. */
async function externalReader(folder: string): Promise<ReadExternal> {
  const { closeSync, openSync, readSync, realpathSync } = await import('node:fs');
  const { resolve, sep } = await import('node:path');
  return (location, offset, length) => {
    const root = realpathSync(folder);
    const path = realpathSync(resolve(root, location));
    if (!path.startsWith(root + sep)) {
      throw new Error('it lies outside the folder of the model, where no file is read');
    }
    const descriptor = openSync(path, 'r');
    try {
      const bytes = new Uint8Array(length);
      const count = readSync(descriptor, bytes, 0, length, offset);
      if (count < length) throw new Error(`it ends before byte ${offset + length}`);
      return bytes;
    } finally {
      closeSync(descriptor);
    }
  };
}
