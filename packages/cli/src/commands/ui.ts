import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { FOREIGN_FOLDER_FILES, type FormatFacts } from '@nnmeter/model-source';
import { listFormats } from '@nnmeter/predictor';
import { resolveRuntime } from '@nnmeter/runners';
import { createPageApp, listen, type OfferedPath } from '@nnmeter/server/http';
import { OFFER_FILE, type Offer, PAGE_FOLDER, PAGE_HEADERS, RUNTIME } from '@nnmeter/web';
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
  const { offer, files } = offerOf(sources, formats);
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
function offerOf(
  sources: readonly Source[],
  formats: readonly FormatFacts[],
): { readonly offer: Offer; readonly files: ReadonlyMap<string, OfferedPath> } {
  const isNamed = ({ type }: Source): boolean =>
    formats.some(({ format, named }) => named && format === type);
  const offered = sources
    // What a folder holds beside models is none of the page's business.
    .filter((source) => !isNamed(source) && source.optional !== true)
    .map(({ model }, index) => {
      const { path, name } = fileOf(model, formats);
      return { path, name, size: statSync(path).size, url: `models/${index}` };
    });
  return {
    offer: {
      files: offered.map(({ name, size, url }) => ({ name, size, url })),
      networks: sources.filter(isNamed).map(({ model }) => model),
    },
    files: new Map(offered.map(({ url, path, size }) => [url, { path, size }])),
  };
}

/** The file of a model, which of a folder is the one that makes it a model; named as the page shows it. */
function fileOf(
  model: string,
  formats: readonly FormatFacts[],
): { readonly path: string; readonly name: string } {
  if (!statSync(model).isDirectory()) return { path: model, name: basename(model) };
  const folderFiles = [
    ...formats.flatMap(({ folderFile }) => folderFile ?? []),
    ...FOREIGN_FOLDER_FILES,
  ];
  const file = folderFiles.find((each) => existsSync(join(model, each)))!;
  return { path: join(model, file), name: `${basename(resolve(model))}/${file}` };
}
