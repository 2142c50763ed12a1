import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { realPathInside } from '@nnmeter/files';
import {
  FOREIGN_FOLDER_FILES,
  type FormatFacts,
  type ModelSource,
  openModel,
  readModel,
} from '@nnmeter/model-source';
import { detectFrontend, listFormats } from '@nnmeter/predictor';
import { resolveRuntime } from '@nnmeter/runners';
import { createPageApp, listen, type OfferedPath } from '@nnmeter/server/http';
import {
  OFFER_FILE,
  type Offer,
  type OfferedFile,
  type OfferedModel,
  PAGE_FOLDER,
  PAGE_HEADERS,
  RUNTIME,
} from '@nnmeter/web';
import { checkPort, type UiArguments } from '../arguments.ts';
import { openInBrowser } from '../open-in-browser.ts';
import { beforeEnding } from '../signals.ts';
import { findSources, type Source } from '../sources.ts';
import type { Terminal } from '../terminal.ts';

const LOOPBACK = '127.0.0.1';
/** A browser asks for parts of files one after the other, each at once. */
const REQUEST_MS = 30_000;

/** Shows models in the browser, on a page that this process serves until a signal ends it. @returns the exit code */
export async function ui(options: UiArguments, terminal: Terminal): Promise<number> {
  const port = checkPort(options.port ?? 0);
  const formats = await listFormats();
  const sources = await findSources(options, formats, options.recursive === true);
  const failures = sources.flatMap(({ failure }) => failure ?? []);
  for (const failure of failures) terminal.error(failure);
  if (failures.length > 0) return 1;
  const { offer, files } = await offerOf(sources, formats);
  const app = await createPageApp({
    folder: PAGE_FOLDER,
    headers: PAGE_HEADERS,
    documents: { [OFFER_FILE]: offer },
    files: new Map([...files, ...runtimeFile()]),
  });
  const server = await listen(app, { host: LOOPBACK, port, requestMs: REQUEST_MS });
  const url = `http://${LOOPBACK}:${server.port}/`;
  if (options.json) await terminal.print(`${JSON.stringify({ url })}\n`);
  else terminal.note(`nn-meter: open ${url} in a browser; Ctrl-C ends it`);
  if (options.open) await openInBrowser(url, terminal);
  await new Promise<void>((done) => {
    beforeEnding(async () => {
      await server.close();
      done();
    });
  });
  return 0;
}

/** What measures browsers, if it is installed in the page's version. */
function runtimeFile(): [url: string, OfferedPath][] {
  try {
    const dist = dirname(resolveRuntime(RUNTIME.package, process.cwd()));
    const { version } = JSON.parse(readFileSync(join(dist, '../package.json'), 'utf8'));
    const path = join(dist, RUNTIME.file);
    return version === RUNTIME.version ? [[RUNTIME.url, { path, size: statSync(path).size }]] : [];
  } catch {
    return [];
  }
}

/** What the page is told of the models, and the files that it may ask for. */
async function offerOf(
  sources: readonly Source[],
  formats: readonly FormatFacts[],
): Promise<{ readonly offer: Offer; readonly files: ReadonlyMap<string, OfferedPath> }> {
  const isNamed = ({ type }: Source): boolean =>
    formats.some(({ format, named }) => named && format === type);
  const files = new Map<string, OfferedPath>();
  const offerFile = (name: string, path: string): OfferedFile => {
    const url = `models/${files.size}`;
    const { size } = statSync(path);
    files.set(url, { path, size });
    return { name, size, url };
  };
  const models: OfferedModel[] = [];
  for (const source of sources) {
    // What a folder holds beside models is none of the page's business.
    if (isNamed(source) || source.optional === true) continue;
    const path = fileOf(source.model, formats);
    const beside = await referredFiles(path);
    const name = basename(resolve(source.model));
    const own = path === source.model ? name : `${name}/${basename(path)}`;
    models.push({
      name,
      files: [
        offerFile(own, path),
        ...[...beside].map(([location, file]) => offerFile(location, file)),
      ],
    });
  }
  const networks = sources.filter(isNamed).map(({ model }) => model);
  return { offer: { models, networks }, files };
}

/** The file of a model, which of a folder is the one that makes it a model. */
function fileOf(model: string, formats: readonly FormatFacts[]): string {
  if (!statSync(model).isDirectory()) return model;
  const folderFiles = [
    ...formats.flatMap(({ folderFile }) => folderFile ?? []),
    ...FOREIGN_FOLDER_FILES,
  ];
  return join(model, folderFiles.find((each) => existsSync(join(model, each)))!);
}

/** The files beside a model, by what it calls them, that its reader opens: those that it refers to and that lie in its folder. */
async function referredFiles(path: string): Promise<ReadonlyMap<string, string>> {
  const referred = new Map<string, string>();
  try {
    const source = await openModel(path);
    const watched: ModelSource = {
      ...source,
      async sibling(location) {
        const sibling = await source.sibling(location);
        const file = realPathInside(dirname(path), location);
        if (file !== undefined) referred.set(location, file);
        return sibling;
      },
    };
    const frontend = await detectFrontend(source).catch((error: unknown) => {
      source.close();
      throw error;
    });
    await readModel(watched, frontend);
  } catch {
    // The page reads it again, and says what is wrong with it.
  }
  return referred;
}
