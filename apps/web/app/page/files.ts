import type { FormatFacts } from '@nnmeter/model-source';

/** A file that was dropped or chosen, with the folders that came with it. */
export interface FoundFile {
  readonly path: string;
  readonly file: File;
}

/** What was dropped: models, each with the files that may lie beside it, and tables of measurements. */
export interface Found {
  readonly models: readonly {
    readonly name: string;
    readonly files: readonly File[];
  }[];
  readonly measurements: readonly File[];
  /** What is no model by its name, and lies beside those that are. */
  readonly beside: readonly string[];
}

/** Files in a dropped folder beyond these are not looked at. */
const MOST_FILES = 5000;

/** Files and folders of a drop; to be called before anything is awaited, since the transfer is emptied then. */
export function droppedFiles({ items, files }: DataTransfer): Promise<readonly FoundFile[]> {
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (entries.length === 0) return Promise.resolve(chosenFiles(files));
  return walk(entries);
}

/** Files of an input, of one for folders too. */
export function chosenFiles(files: Iterable<File>): readonly FoundFile[] {
  return [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

async function walk(entries: readonly FileSystemEntry[]): Promise<readonly FoundFile[]> {
  const found: FoundFile[] = [];
  for (let queue = [...entries]; queue.length > 0 && found.length < MOST_FILES; ) {
    const entry = queue.shift()!;
    if (isFile(entry)) {
      const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
      found.push({ path: entry.fullPath.replace(/^\//, ''), file });
    } else if (isFolder(entry)) queue = [...queue, ...(await entriesOf(entry))];
  }
  return found;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

/** A reader hands them on in parts; an empty one is the end. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return all;
    all.push(...some);
  }
}

/**
 * Tells models from what lies beside them: a folder with the file that makes it a model is one; else each file whose name
 * says that it is a model is; else each file.
 */
export function groupFiles(all: readonly FoundFile[], formats: readonly FormatFacts[]): Found {
  const found = all.filter(({ path }) => !/(^|\/)\./.test(path));
  const isTable = ({ path }: FoundFile): boolean => /\.csv$/i.test(path);
  const measurements = found.filter(isTable).map(({ file }) => file);
  const files = found.filter((each) => !isTable(each));
  const folders = foldersOf(files, formats);
  const inFolders = folders.map((folder) => ({
    name: folder.split('/').filter(Boolean).at(-1)!,
    files: files.filter(({ path }) => path.startsWith(folder)).map(withPath),
  }));
  const loose = files.filter(({ path }) => !folders.some((folder) => path.startsWith(folder)));
  const suffixes = ['.zip', ...formats.flatMap(({ suffixes = [] }) => suffixes)];
  const isNamed = ({ path }: FoundFile): boolean =>
    suffixes.some((suffix) => path.toLowerCase().endsWith(suffix));
  const named = loose.filter(isNamed);
  const [models, beside] =
    named.length > 0 ? [named, loose.filter((each) => !isNamed(each))] : [loose, []];
  const alone = models.map((model) => ({
    name: nameOf(model),
    files: [model.file, ...beside.map(withPath)],
  }));
  const dropped = beside.filter(({ path }) => !path.includes('/'));
  return { models: [...inFolders, ...alone], measurements, beside: dropped.map(nameOf) };
}

/** The folders that are models, with a slash behind them. */
function foldersOf(files: readonly FoundFile[], formats: readonly FormatFacts[]): string[] {
  const folderFiles = formats.flatMap(({ folderFile }) => folderFile ?? []);
  return files.flatMap(({ path }) =>
    folderFiles
      .filter((file) => path.endsWith(`/${file}`))
      .map((file) => path.slice(0, -file.length)),
  );
}

function nameOf({ path }: FoundFile): string {
  return path.split('/').at(-1)!;
}

/** Under its path, by which models name the files beside them; what is in it is not copied. */
function withPath({ path, file }: FoundFile): File {
  return path === file.name ? file : new File([file], path);
}
