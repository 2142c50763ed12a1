import { NnMeterError } from '@nnmeter/ir';
import type { ByteSource } from './lazy-reader.ts';

/**
 * Opens a file for random access; needs Node. Reads are synchronous because protobuf decoders are.
 * @throws NnMeterError E_FILE if there is no such readable file, or it is a folder or empty.
 */
export async function openFile(path: string): Promise<ByteSource & { close(): void }> {
  const { closeSync, fstatSync, openSync, readSync } = await import(
    /* @vite-ignore */ /* webpackIgnore: true */ 'node:fs'
  );
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (cause) {
    throw new NnMeterError('E_FILE', `cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
  const close = (): void => closeSync(descriptor);
  const status = fstatSync(descriptor);
  if (!status.isFile() || status.size === 0) {
    close();
    const what = status.isDirectory() ? 'it is a folder' : 'it is empty or not a regular file';
    throw new NnMeterError('E_FILE', `cannot read ${path} as a model: ${what}`);
  }
  return {
    size: status.size,
    close,
    read(position, target) {
      let filled = 0;
      while (filled < target.length) {
        const count = readSync(
          descriptor,
          target,
          filled,
          target.length - filled,
          position + filled,
        );
        if (count === 0) throw new RangeError(`the file ended at byte ${position + filled}`);
        filled += count;
      }
    },
  };
}
