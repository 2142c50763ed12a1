import { NnMeterError, quote } from '@nnmeter/ir';
import { blobSource } from './blob-source.ts';
import { bytesSource } from './bytes-source.ts';
import type { ModelSource } from './model-source.ts';
import { openPath } from './path-source.ts';

/** What models are read from: the path of a file or folder (in Node), a Blob or File, or the bytes themselves. */
export type ModelInput = string | Blob | Uint8Array | ArrayBuffer;

export interface OpenOptions {
  /** Files that make a folder a model; such a folder is opened by the first of them that it holds. */
  readonly folderFiles?: readonly string[];
  /** The files among which those beside the model are looked for, where there are no folders: in a browser. */
  readonly files?: readonly File[];
}

/**
 * Opens a model for reading by ranges.
 * @throws NnMeterError E_FILE if there is no such file, it cannot be read, is empty, or is no regular file;
 * E_INVALID_INPUT for anything else than a {@link ModelInput}.
 */
export async function openModel(
  input: ModelInput,
  options: OpenOptions = {},
): Promise<ModelSource> {
  if (typeof input === 'string') return openPath(input, options.folderFiles ?? []);
  if (isBlob(input)) return blobSource(input, options.files ?? []);
  const bytes = input instanceof ArrayBuffer ? new Uint8Array(input) : input;
  if (bytes instanceof Uint8Array) return bytesSource(bytes);
  throw new NnMeterError(
    'E_INVALID_INPUT',
    `a model is read from a path, a Blob or bytes (Uint8Array), not from ${quote(String(input))}`,
  );
}

/** Also true for Files, and for Blobs of another realm. */
export function isBlob(value: unknown): value is Blob {
  const { arrayBuffer, slice, size } = (value ?? {}) as Partial<Blob>;
  return (
    typeof arrayBuffer === 'function' && typeof slice === 'function' && typeof size === 'number'
  );
}
