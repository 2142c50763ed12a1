/** Bytes at known positions that can be read at once, as decoders want it. */
export interface ByteSource {
  readonly size: number;
  /**
   * Fills `target` from `position` on.
   * @returns the number of bytes filled, fewer than asked for where the bytes end
   */
  read(position: number, target: Uint8Array): number;
}
