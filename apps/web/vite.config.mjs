// Builds the page into dist/page: its files, the list of them in its service worker, and the licences of what is in it.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { STYLES } from '@nnmeter/report/views';
import { defineConfig } from 'vite';
import { licenceTexts } from '../../scripts/licence-texts.mjs';
import { POLICY } from './src/policy.ts';
import { RUNTIME } from './src/runtime.ts';

const APP = fileURLToPath(new URL('./app/', import.meta.url));
const PAGE = fileURLToPath(new URL('./dist/page/', import.meta.url));
const SERVICE_WORKER = 'service-worker';

const { version } = JSON.parse(
  readFileSync(new URL(`./node_modules/${RUNTIME.package}/package.json`, import.meta.url), 'utf8'),
);
if (version !== RUNTIME.version)
  throw new Error(`src/runtime.ts says ${RUNTIME.version}, not ${version}`);

/** The folders of packages of others whose code is in the page. */
const libraries = new Set();

/** The style sheet of the report's views, as a file of the page. */
const viewStyles = {
  name: 'nnmeter-view-styles',
  resolveId: (source) => (source === 'virtual:report-views.css' ? `\0${source}` : undefined),
  load: (id) => (id === '\0virtual:report-views.css' ? STYLES : undefined),
};

/** Writes the policy into the page. */
const policy = {
  name: 'nnmeter-policy',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY },
      injectTo: 'head-prepend',
    },
  ],
};

/** Notes whose code is in the page. */
const noteLibraries = () => ({
  name: 'nnmeter-note-libraries',
  generateBundle(_options, bundle) {
    for (const { modules = {} } of Object.values(bundle)) {
      for (const [id, { renderedLength }] of Object.entries(modules)) {
        const [, folder] =
          /^\0?(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(id) ?? [];
        if (folder !== undefined && renderedLength > 0) libraries.add(folder);
      }
    }
  },
});

/** Tells the service worker the files of the page, and by their hash when they are others. */
const finish = {
  name: 'nnmeter-finish',
  closeBundle() {
    writeFileSync(
      join(PAGE, 'third-party-notices.txt'),
      licenceTexts('The page has code of these packages', [...libraries]),
    );
    const files = readdirSync(PAGE, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== `${SERVICE_WORKER}.js`)
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort();
    const hash = createHash('sha256');
    for (const file of files) hash.update(file.slice(PAGE.length)).update(readFileSync(file));
    const names = files.map((file) => file.slice(PAGE.length).replaceAll(sep, '/'));
    const isLarge = (name) => name.endsWith('.wasm');
    const list = (chosen) => JSON.stringify(JSON.stringify(chosen));
    const path = join(PAGE, `${SERVICE_WORKER}.js`);
    const script = readFileSync(path, 'utf8')
      .replace(/(["'`])__VERSION__\1/, JSON.stringify(hash.digest('hex').slice(0, 16)))
      .replace(/(["'`])__FILES__\1/, list(names.filter((name) => !isLarge(name))))
      .replace(/(["'`])__LARGE_FILES__\1/, list(names.filter(isLarge)));
    writeFileSync(path, script);
  },
};

/** Libraries do nothing by being imported, so that what is not used of them is left out. */
const treeshake = { moduleSideEffects: (id) => id.startsWith(APP) || id.startsWith('\0') };

/** A server of the page has it by this name. */
function assetFileNames({ names }) {
  return names.includes(RUNTIME.file) ? RUNTIME.url : 'assets/[name]-[hash][extname]';
}

/** A package of ours is one file, which is named after it. */
function chunkFileNames({ facadeModuleId }) {
  const [, name = '[name]'] =
    /(?:packages|predictors)\/([^/]+)\/dist\/index\.js$/.exec(facadeModuleId ?? '') ?? [];
  return `assets/${name}-[hash].js`;
}

export default defineConfig({
  root: 'app',
  // Relative, so that the page works below any path.
  base: './',
  plugins: [viewStyles, policy, noteLibraries(), finish],
  worker: {
    format: 'es',
    plugins: () => [noteLibraries()],
    rolldownOptions: { treeshake, output: { chunkFileNames, assetFileNames } },
  },
  build: {
    outDir: PAGE,
    emptyOutDir: true,
    target: 'es2022',
    // A data: address is no file of the page's own, which is all that its policy allows.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      treeshake,
      input: {
        main: join(APP, 'index.html'),
        [SERVICE_WORKER]: join(APP, 'worker/service-worker.ts'),
      },
      output: {
        assetFileNames,
        // At the top, where it may serve all of the page, and under a name that stays.
        entryFileNames: ({ name }) =>
          name === SERVICE_WORKER ? '[name].js' : 'assets/[name]-[hash].js',
      },
    },
  },
  // Parts of packages that need Node are left out, which vite warns of before it knows.
  logLevel: 'error',
});
