// Bundles the package in the working directory: one file in dist/ for each entry of its "exports" and for each source
// named as an argument (scripts of worker threads), and one for what is imported only when it is needed. Node starts the
// faster the fewer files it has to find. Packages stay apart: what stands in `dependencies` is imported, never copied.
// TypeScript writes the types.
import { readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { rolldown } from 'rolldown';
import { json } from './devices.mjs';

const { rootDir } = json('tsconfig.json').compilerOptions;
const { exports } = json('package.json');
const entries = Object.values(exports).flatMap(({ default: file }) =>
  file === undefined ? [] : [join(rootDir, basename(file, '.js'))],
);
const scripts = process.argv.slice(2).map((source) => join(rootDir, source));

const bundle = await rolldown({
  input: Object.fromEntries(
    [...entries, ...scripts].map((source) => [basename(source), `./${source}.ts`]),
  ),
  external: /^[^./]/,
  // The index of a package imports for others what it itself imports when needed; that is no mistake.
  checks: { ineffectiveDynamicImport: false },
  transform: { target: 'es2022' },
});
const { output } = await bundle.write({
  dir: 'dist',
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
});
await bundle.close();

const written = new Set(output.map(({ fileName }) => fileName));
for (const name of readdirSync('dist', { recursive: true })) {
  if (name.endsWith('.js') && !written.has(name)) rmSync(join('dist', name));
}
