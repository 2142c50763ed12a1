import {
  type Frontend,
  type Graph,
  locateError,
  type ModelType,
  NnMeterError,
  quote,
  type ReadOptions,
} from '@nnmeter/ir';
import { detectFrontend, HEAD_BYTES, loadFrontend, modelToGraph } from './frontends.ts';

/**
 * Reads a model file (for `torch`: a torchvision name). Without `type` the format is recognised by the content of the
 * file, never by its name. TensorFlow SavedModels are folders. Needs Node.
 * @throws NnMeterError E_FILE if there is no such file or it cannot be read, E_UNSUPPORTED_FORMAT if nothing installed
 * recognises it, E_MISSING_PACKAGE if the frontend of `type` is not installed, and the frontend's own errors, with the
 * path.
 */
export async function modelFileToGraph(
  path: string,
  type?: ModelType,
  options?: ReadOptions,
): Promise<Graph> {
  if (type === 'torch') return modelToGraph(path, type, options);
  let frontend: Frontend;
  if (type === undefined) frontend = await detectFile(path);
  else {
    frontend = await loadFrontend(type);
    await readHead(path, type);
  }
  try {
    return await frontend.fileToGraph(path, options);
  } catch (cause) {
    if (!(cause instanceof NnMeterError)) throw cause;
    const { message } = cause;
    const isLocated = message.startsWith(path) || message.startsWith(quote(path));
    throw isLocated ? cause : locateError(path, cause);
  }
}

/**
 * The type of a model file, by its content. Needs Node.
 * @throws NnMeterError E_FILE, E_UNSUPPORTED_FORMAT, as {@link modelFileToGraph}.
 */
export async function detectModelType(path: string): Promise<ModelType> {
  return (await detectFile(path)).modelType;
}

async function detectFile(path: string): Promise<Frontend> {
  return detectFrontend(await readHead(path), quote(path));
}

/** The first bytes of a model file, or of the graph in a SavedModel folder, after checking that it can be read. */
async function readHead(path: string, type?: ModelType): Promise<Uint8Array> {
  const { open, stat } = await import(
    /* @vite-ignore */ /* webpackIgnore: true */ 'node:fs/promises'
  );
  try {
    let file = path;
    let status = await stat(file);
    if (status.isDirectory() && (type === undefined || type === 'pb')) {
      file = `${path}/saved_model.pb`;
      status = await stat(file).catch(() => status);
    }
    if (status.isDirectory()) {
      throw unreadable(path, 'is a folder; name the model file in it');
    }
    if (!status.isFile()) throw unreadable(path, 'is not a regular file');
    if (status.size === 0) throw unreadable(path, 'is empty; export or download it again');
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof NnMeterError) throw error;
    throw unreadable(
      path,
      REASONS[(error as { code?: string }).code ?? ''] ?? String(error),
      error,
    );
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist; check the path (a torchvision model goes by its name with type "torch")',
  ENOTDIR: 'does not exist; part of the path is a file',
  EACCES: 'cannot be read: permission denied',
  EPERM: 'cannot be read: permission denied',
  ELOOP: 'cannot be read: its symbolic links go in circles',
  ENAMETOOLONG: 'is not a path: it is too long',
  ERR_INVALID_ARG_VALUE: 'is not a path',
};

function unreadable(path: string, reason: string, cause?: unknown): NnMeterError {
  return new NnMeterError('E_FILE', `${quote(path)} ${reason}`, { cause });
}
