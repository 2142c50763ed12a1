import type { ByteSource } from './byte-source.ts';

/** A model as bytes that are read where they are needed, and the files beside it. Opened and closed once. */
export interface ModelSource {
  /** File name without folders; of a model that is a folder the folder's; "" for bytes. */
  readonly name: string;
  /** What messages call it: the path as given, the file's name, or "the data". */
  readonly label: string;
  readonly size: number;
  /** The first bytes, {@link HEAD_BYTES} at most. */
  readonly head: Uint8Array;
  /** For decoders that cannot wait; undefined for what can only be read asynchronously (Blobs). */
  readonly direct: Uint8Array | ByteSource | undefined;
  /** Bytes from `start` to before `end`, fewer at the end of the model. */
  slice(start: number, end: number): Promise<Uint8Array>;
  /**
   * Another file of the model, by its path from the model's folder; closed with this one.
   * @throws NnMeterError E_FILE if it is not there or lies outside the model's folder.
   */
  sibling(location: string): Promise<ModelSource>;
  close(): void;
}

/** What a format is recognised by. */
export const HEAD_BYTES = 64 * 2 ** 10;
