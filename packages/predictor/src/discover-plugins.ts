import { NnMeterError } from '@nnmeter/ir';

/** A plugin package of others, found by its keyword `nnmeter-predictor`. */
export interface DiscoveredPlugin {
  /** Package name. */
  readonly name: string;
  /** Its default export. */
  readonly definition?: unknown;
  /** Why it could not be imported. */
  readonly problem?: NnMeterError;
}

const KEYWORD = 'nnmeter-predictor';

/**
 * Imports the plugins among the dependencies of the project (the nearest package.json of the working directory) and of
 * the running program; none outside Node.
 * @param known packages that are found by name and need not be imported
 */
export async function discoverPlugins(known: ReadonlySet<string>): Promise<DiscoveredPlugin[]> {
  if (typeof process === 'undefined' || process.versions?.node === undefined) return [];
  const [{ readFile, realpath }, { dirname, join, parse }, { pathToFileURL }] = await Promise.all([
    import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:fs/promises'),
    import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:path'),
    import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:url'),
  ]);

  const readPackage = async (folder: string): Promise<PackageFile | undefined> => {
    try {
      return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as PackageFile;
    } catch {
      return undefined;
    }
  };
  /** The nearest folder at or above `start` for which `find` finds something. */
  const upwards = async <T>(start: string, find: (folder: string) => Promise<T | undefined>) => {
    for (let folder = start; ; folder = dirname(folder)) {
      const found = await find(folder);
      if (found !== undefined) return { folder, found };
      if (folder === parse(folder).root) return undefined;
    }
  };

  const program = await realpath(process.argv[1] ?? '').catch(() => undefined);
  const starts = program === undefined ? [process.cwd()] : [process.cwd(), dirname(program)];
  const plugins = new Map<string, { name: string; entry: string }>();
  for (const start of starts) {
    const project = await upwards(start, readPackage);
    if (project === undefined) continue;
    for (const name of dependenciesOf(project.found)) {
      if (known.has(name)) continue;
      const place = await upwards(project.folder, (folder) =>
        readPackage(join(folder, 'node_modules', name)),
      );
      if (place === undefined || !isPlugin(place.found)) continue;
      const folder = await realpath(join(place.folder, 'node_modules', name));
      plugins.set(folder, { name, entry: join(folder, entryOf(place.found)) });
    }
  }
  const importing = [...plugins.values()].map(
    async ({ name, entry }): Promise<DiscoveredPlugin> => {
      try {
        const url = pathToFileURL(entry).href;
        const module = await import(/* @vite-ignore */ /* webpackIgnore: true */ url);
        return { name, definition: module.default };
      } catch (cause) {
        const message = `the predictor plugin ${name} (${entry}) does not load: ${(cause as Error).message}`;
        return { name, problem: new NnMeterError('E_MISSING_PACKAGE', message, { cause }) };
      }
    },
  );
  return Promise.all(importing);
}

interface PackageFile {
  readonly exports?: unknown;
  readonly main?: unknown;
  readonly keywords?: unknown;
  readonly dependencies?: unknown;
  readonly devDependencies?: unknown;
  readonly optionalDependencies?: unknown;
}

function dependenciesOf(file: PackageFile): Set<string> {
  const { dependencies, devDependencies, optionalDependencies } = file;
  const all = [dependencies, devDependencies, optionalDependencies];
  return new Set(all.flatMap((each) => Object.keys(each ?? {})));
}

/** The file that `import` of the package loads, by the conditions that hold in Node. */
function entryOf({ exports, main }: PackageFile): string {
  const pick = (target: unknown): string | undefined => {
    if (typeof target === 'string') return target;
    for (const [condition, inner] of Object.entries(target ?? {})) {
      if (!['.', 'node', 'import', 'module-sync', 'default'].includes(condition)) continue;
      const found = pick(inner);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return pick(exports) ?? (typeof main === 'string' ? main : 'index.js');
}

function isPlugin({ keywords }: PackageFile): boolean {
  return Array.isArray(keywords) && keywords.includes(KEYWORD);
}
