import { NnMeterError } from '@nnmeter/ir';

/** A package that says by a keyword what it brings: a frontend, a predictor, a source of predictors. */
export interface DiscoveredPackage {
  readonly name: string;
  readonly keywords: readonly string[];
  /** What it says under "nnmeter" in its package.json. */
  readonly facts: unknown;
  /** Imports it, once. @throws NnMeterError E_MISSING_PACKAGE if it does not load. */
  load(): Promise<Record<string, unknown>>;
}

let discovery: Promise<readonly DiscoveredPackage[]> | undefined;

/**
 * The packages with a keyword `nnmeter-...` among the dependencies of the running program and of the project (the nearest
 * package.json of the working directory), these two themselves, and among the published ones that are installed beside this package or them.
 * Of several versions that which this package sees is taken, then the program's. None outside Node. Nothing is imported.
 * @param published names of packages that are found even if no package.json names them
 */
export function discoverPackages(
  published: readonly string[],
): Promise<readonly DiscoveredPackage[]> {
  discovery ??= discover(published);
  return discovery;
}

async function discover(published: readonly string[]): Promise<readonly DiscoveredPackage[]> {
  if (typeof process === 'undefined' || process.versions?.node === undefined) return [];
  const [{ existsSync, readFileSync, realpathSync }, { createRequire }, { dirname, join }, url] =
    await Promise.all([
      import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:fs'),
      import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:module'),
      import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:path'),
      import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:url'),
    ]);

  function readText(path: string): string | undefined {
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }

  /** The folders of a package's files: `start` and those above it. */
  function* upwards(start: string): Generator<string> {
    for (let folder = start; ; folder = dirname(folder)) {
      yield folder;
      if (folder === dirname(folder)) return;
    }
  }

  /** The nearest package.json. */
  function projectOf(start: string): Place | undefined {
    for (const folder of upwards(start)) {
      const text = readText(join(folder, 'package.json'));
      if (text !== undefined) return { folder, text };
    }
    return undefined;
  }

  /** The package.json of a package as `start` sees it. */
  function find(name: string, start: string): Place | undefined {
    for (const above of upwards(start)) {
      const folder = join(above, 'node_modules', name);
      const text = readText(join(folder, 'package.json'));
      if (text !== undefined) return { folder, text };
    }
    if (process.versions.pnp === undefined) return undefined;
    try {
      const path = createRequire(join(start, 'package.json')).resolve(`${name}/package.json`);
      return { folder: dirname(path), text: readFileSync(path, 'utf8') };
    } catch {
      return undefined;
    }
  }

  function realPath(path: string | undefined): string | undefined {
    try {
      return path === undefined ? undefined : realpathSync(path);
    } catch {
      return undefined;
    }
  }

  const program = realPath(process.argv[1]);
  const runtime = dirname(url.fileURLToPath(import.meta.url));
  const found = new Map<string, DiscoveredPackage>();
  function add(name: string, place: Place | undefined): void {
    if (place === undefined || !place.text.includes('"nnmeter-')) return;
    const manifest = parse(place.text);
    const keywords = Array.isArray(manifest.keywords) ? manifest.keywords.map(String) : [];
    if (!keywords.some((keyword) => keyword.startsWith('nnmeter-'))) return;
    const entry = join(realPath(place.folder) ?? place.folder, entryOf(manifest));
    found.set(name, {
      name,
      keywords,
      facts: manifest.nnmeter,
      load: () => load(name, url.pathToFileURL(entry).href),
    });
  }

  for (const start of [runtime, program && dirname(program), process.cwd()]) {
    if (start === undefined) continue;
    const project = start === runtime ? undefined : projectOf(start);
    const named = project === undefined ? [] : namesIn(project.text);
    for (const name of new Set([...named, ...published]))
      if (!found.has(name)) add(name, find(name, start));
    const own = project && parse(project.text).name;
    if (typeof own === 'string' && !found.has(own)) add(own, project);
  }
  return [...found.values()];
}

/** A package.json and its folder. */
interface Place {
  readonly folder: string;
  readonly text: string;
}

async function load(name: string, url: string): Promise<Record<string, unknown>> {
  try {
    return await import(/* @vite-ignore */ /* webpackIgnore: true */ url);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NnMeterError(
      'E_MISSING_PACKAGE',
      `the package ${name} is installed but does not load (${reason})`,
      { hint: `reinstall it: npm install ${name}`, cause },
    );
  }
}

/** The error for a package that has to be installed first. */
export function missingPackage(purpose: string, name: string, register: string): NnMeterError {
  return new NnMeterError('E_MISSING_PACKAGE', `${purpose} needs a package that is not installed`, {
    hint:
      `run: npm install ${name}` +
      ` (in a bundled or browser application, import it and call ${register})`,
  });
}

interface PackageFile {
  readonly name?: unknown;
  readonly exports?: unknown;
  readonly main?: unknown;
  readonly keywords?: unknown;
  readonly nnmeter?: unknown;
  readonly dependencies?: unknown;
  readonly devDependencies?: unknown;
  readonly optionalDependencies?: unknown;
}

function parse(text: string): PackageFile {
  try {
    return (JSON.parse(text) as PackageFile | null) ?? {};
  } catch {
    return {};
  }
}

function namesIn(text: string): string[] {
  const { dependencies, devDependencies, optionalDependencies } = parse(text);
  const all = [dependencies, devDependencies, optionalDependencies];
  return all.flatMap((each) => Object.keys(each ?? {}));
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
