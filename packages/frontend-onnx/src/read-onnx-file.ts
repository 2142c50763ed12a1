import { type Graph, NnMeterError, type ReadOptions } from '@nnmeter/ir';
import { decodeModel } from './decode.ts';
import { type ReadExternal, valueReader } from './external-data.ts';
import type { ByteSource } from './reader.ts';
import { toGraph } from './to-graph.ts';

type FileSystem = typeof import('node:fs');
type PathModule = typeof import('node:path');

/**
 * Reads an ONNX model from a path; needs Node. Weights are stepped over, so that memory and time do not depend on their
 * size. The graph is named after the file unless a name is given.
 * @throws NnMeterError as `readOnnx`, and E_FILE if the file cannot be read.
 */
export async function readOnnxFile(path: string, options: ReadOptions = {}): Promise<Graph> {
  const [fs, paths] = await Promise.all([import('node:fs'), import('node:path')]);
  const file = openFile(fs, path);
  try {
    const source: ByteSource = {
      size: file.size,
      read: (position, target) => readFully(fs, file.descriptor, position, target),
    };
    const name = options.name ?? paths.basename(path).replace(/\.onnx$/i, '');
    const external = externalReader(fs, paths, paths.dirname(path));
    return toGraph(decodeModel(source), { ...options, name }, valueReader(external));
  } catch (error) {
    if (!(error instanceof NnMeterError)) throw fileError(path, error);
    throw new NnMeterError(error.code, `${path}: ${error.message}`, { cause: error });
  } finally {
    fs.closeSync(file.descriptor);
  }
}

function openFile(fs: FileSystem, path: string): { descriptor: number; size: number } {
  let descriptor: number;
  try {
    descriptor = fs.openSync(path, 'r');
  } catch (cause) {
    throw fileError(path, cause);
  }
  const status = fs.fstatSync(descriptor);
  if (status.isFile()) return { descriptor, size: status.size };
  fs.closeSync(descriptor);
  throw new NnMeterError('E_FILE', `${path} is not a file; give the path of an .onnx file`);
}

function readFully(fs: FileSystem, descriptor: number, position: number, target: Uint8Array): void {
  let done = 0;
  while (done < target.length) {
    const count = fs.readSync(descriptor, target, done, target.length - done, position + done);
    if (count === 0) throw new RangeError(`the file ends at byte ${position + done}`);
    done += count;
  }
}

/** Reads from files in the model's folder and below it; a location that leads elsewhere is refused. */
function externalReader(fs: FileSystem, paths: PathModule, folder: string): ReadExternal {
  return (location, offset, length) => {
    const root = fs.realpathSync(folder);
    const path = fs.realpathSync(paths.resolve(root, location));
    if (!path.startsWith(root + paths.sep)) {
      throw new Error('it lies outside the folder of the model, where no file is read');
    }
    const file = openFile(fs, path);
    try {
      const bytes = new Uint8Array(length);
      readFully(fs, file.descriptor, offset, bytes);
      return bytes;
    } finally {
      fs.closeSync(file.descriptor);
    }
  };
}

function fileError(path: string, cause: unknown): NnMeterError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new NnMeterError('E_FILE', `cannot read ${path}: ${reason}`, { cause });
}
