import type { Stats } from 'node:fs';
import { NnMeterError, quote } from '@nnmeter/ir';
import { HEAD_BYTES, type ModelSource } from './model-source.ts';

type OpenPath = (path: string, folderFiles: readonly string[]) => ModelSource;

let loading: Promise<OpenPath> | undefined;

/** A model in a file, or in a folder that holds one of `folderFiles`; needs Node. */
export async function openPath(path: string, folderFiles: readonly string[]): Promise<ModelSource> {
  loading ??= loadOpenPath();
  return (await loading)(path, folderFiles);
}

async function loadOpenPath(): Promise<OpenPath> {
  const [fs, { basename, dirname, join }, { fileError, realPathInside, requireFileStatus }] =
    await Promise.all([
      import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:fs'),
      import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:path'),
      import(/* @vite-ignore */ /* webpackIgnore: true */ '@nnmeter/files'),
    ]);

  /** @param status of the file, asked before it is opened: a pipe would wait for a writer */
  function open(file: string, name: string, label: string, status: Stats): ModelSource {
    requireFileStatus(label, status);
    const descriptor = fs.openSync(file, 'r');
    const readFile = (position: number, target: Uint8Array): number => {
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
      return target.subarray(0, readFile(start, target));
    };
    const read = (position: number, target: Uint8Array): number => {
      const end = position + target.length;
      if (end > head.length) return readFile(position, target);
      target.set(head.subarray(position, end));
      return target.length;
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
    const head = readSlice(0, HEAD_BYTES);
    return {
      name,
      label,
      size,
      head,
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
    const file = realPathInside(folder, location);
    if (file === undefined) {
      throw new NnMeterError(
        'E_FILE',
        'it lies outside the folder of the model, where no file is read',
      );
    }
    try {
      return open(file, basename(file), join(folder, location), fs.statSync(file));
    } catch (error) {
      throw fileError('open', join(folder, location), error);
    }
  }

  return (path, folderFiles) => {
    try {
      const name = basename(path);
      const status = fs.statSync(path);
      if (!status.isDirectory()) return open(path, name, path, status);
      const model = folderFiles.map((file) => join(path, file)).find((file) => fs.existsSync(file));
      if (model !== undefined) return open(model, name, path, fs.statSync(model));
      throw unreadable(path, 'is a folder', 'name the model file in it');
    } catch (error) {
      throw fileError('open', path, error);
    }
  };
}

function unreadable(path: string, reason: string, hint: string): NnMeterError {
  return new NnMeterError('E_FILE', `${quote(path)} ${reason}`, { where: { file: path }, hint });
}
