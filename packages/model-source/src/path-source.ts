import { NnMeterError, quote } from '@nnmeter/ir';
import { HEAD_BYTES, type ModelSource } from './model-source.ts';

/** A model in a file, or in a folder that holds one of `folderFiles`; needs Node. */
export async function openPath(path: string, folderFiles: readonly string[]): Promise<ModelSource> {
  const [fs, { basename, dirname, join, resolve, sep }, { fileError, requireFileStatus }] =
    await Promise.all([
      import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:fs'),
      import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:path'),
      import(/* @vite-ignore */ /* webpackIgnore: true */ '@nnmeter/files'),
    ]);

  function open(file: string, name: string, label: string): ModelSource {
    // Asked before opening: a pipe would wait for a writer.
    requireFileStatus(label, fs.statSync(file));
    const descriptor = fs.openSync(file, 'r');
    const read = (position: number, target: Uint8Array): number => {
      let filled = 0;
      while (filled < target.length) {
        const count = fs.readSync(
          descriptor,
          target,
          filled,
          target.length - filled,
          position + filled,
        );
        if (count === 0) break;
        filled += count;
      }
      return filled;
    };
    const readSlice = (start: number, end: number): Uint8Array => {
      const target = new Uint8Array(Math.max(0, Math.min(end, size) - start));
      return target.subarray(0, read(start, target));
    };
    const siblings: ModelSource[] = [];
    const close = (): void => {
      fs.closeSync(descriptor);
      for (const sibling of siblings) sibling.close();
    };
    const { size } = fs.fstatSync(descriptor);
    if (size === 0) {
      close();
      throw unreadable(label, 'is empty', 'export or download it again');
    }
    return {
      name,
      label,
      size,
      head: readSlice(0, HEAD_BYTES),
      direct: { size, read },
      slice: async (start, end) => readSlice(start, end),
      async sibling(location) {
        const sibling = openBeside(dirname(file), location);
        siblings.push(sibling);
        return sibling;
      },
      close,
    };
  }

  /** A file in a folder or below it; symbolic links may not lead out. */
  function openBeside(folder: string, location: string): ModelSource {
    try {
      const root = fs.realpathSync(folder);
      const file = fs.realpathSync(resolve(root, location));
      if (file.startsWith(root.endsWith(sep) ? root : root + sep)) {
        return open(file, basename(file), join(folder, location));
      }
    } catch (error) {
      throw fileError('open', join(folder, location), error);
    }
    throw new NnMeterError(
      'E_FILE',
      'it lies outside the folder of the model, where no file is read',
    );
  }

  try {
    const name = basename(path);
    if (!fs.statSync(path).isDirectory()) return open(path, name, path);
    const model = folderFiles.find((file) => fs.existsSync(join(path, file)));
    if (model !== undefined) return open(join(path, model), name, path);
    throw unreadable(path, 'is a folder', 'name the model file in it');
  } catch (error) {
    throw fileError('open', path, error);
  }
}

function unreadable(path: string, reason: string, hint: string): NnMeterError {
  return new NnMeterError('E_FILE', `${quote(path)} ${reason}`, { where: { file: path }, hint });
}
