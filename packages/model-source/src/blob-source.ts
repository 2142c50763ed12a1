import { NnMeterError, quote } from '@nnmeter/ir';
import { HEAD_BYTES, type ModelSource } from './model-source.ts';

/** A model in a Blob, such as a File that was dropped on a page, of which only what is asked for is loaded. */
export async function blobSource(blob: Blob, files: readonly File[]): Promise<ModelSource> {
  const name = 'name' in blob ? String(blob.name) : '';
  const label = name || 'the data';
  if (blob.size === 0) {
    throw new NnMeterError('E_FILE', `${quote(label)} is empty`, {
      where: { file: label },
      hint: 'export or download it again',
    });
  }
  const slice = async (start: number, end: number): Promise<Uint8Array> => {
    try {
      return new Uint8Array(await blob.slice(start, end).arrayBuffer());
    } catch (cause) {
      throw new NnMeterError(
        'E_FILE',
        `${quote(label)} cannot be read: ${(cause as Error).message}`,
        { where: { file: label }, cause },
      );
    }
  };
  return {
    name,
    label,
    size: blob.size,
    head: await slice(0, HEAD_BYTES),
    direct: undefined,
    slice,
    async sibling(location) {
      const wanted = `/${location.replace(/^(\.?\/)+/, '')}`;
      const found = files.find((file) => {
        return `/${pathOf(file)}`.endsWith(wanted) && file !== blob;
      });
      if (found !== undefined) return blobSource(found, files);
      throw new NnMeterError('E_FILE', 'it is not among the files that are given with the model');
    },
    close: () => {},
  };
}

/** With the folders in which it was chosen. */
function pathOf(file: File): string {
  const path = 'webkitRelativePath' in file ? String(file.webkitRelativePath) : '';
  return path || file.name;
}
