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
 * package.json of the working directory), these two themselves, and the published ones that are installed beside this
 * package or them.
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
  const disk = await openDisk();
  const program = disk.realPath(process.argv[1]);
  const found = new Map<string, DiscoveredPackage>();
  const add = (place: InstalledPackage | undefined): void => {
    const plugin = place && asPlugin(place, disk);
    if (plugin !== undefined && !found.has(plugin.name)) found.set(plugin.name, plugin);
  };
  for (const name of published) add(disk.find(name, disk.runtime));
  for (const start of [program && disk.dirname(program), process.cwd()]) {
    if (start === undefined) continue;
    const project = disk.nearest(start);
    const named = project === undefined ? [] : dependenciesOf(parse(project.text));
    for (const name of new Set([...named, ...published])) {
      if (!found.has(name)) add(disk.find(name, start));
    }
    // A plugin in whose own folder one works.
    add(project);
  }
  return [...found.values()];
}

/** A package in a folder, with the text of its package.json. */
interface InstalledPackage {
  readonly folder: string;
  readonly text: string;
}

/** What of Node is needed to look for packages. */
interface Disk {
  /** The folder of this module. */
  readonly runtime: string;
  dirname(path: string): string;
  realPath(path: string | undefined): string | undefined;
  /** The nearest package at or above a folder. */
  nearest(start: string): InstalledPackage | undefined;
  /** A package as modules in a folder see it. */
  find(name: string, start: string): InstalledPackage | undefined;
  /** The URL of a file of a package. */
  urlOf(folder: string, file: string): string;
}

async function openDisk(): Promise<Disk> {
  const [
    { existsSync, readFileSync, realpathSync, statSync },
    { createRequire },
    { dirname, join },
    url,
  ] = await Promise.all([
    import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:fs'),
    import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:module'),
    import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:path'),
    import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:url'),
  ]);

  function read(folder: string): InstalledPackage | undefined {
    const path = join(folder, 'package.json');
    // A pipe would wait for a writer.
    const isFile = existsSync(path) && statSync(path).isFile();
    return isFile ? { folder, text: readFileSync(path, 'utf8') } : undefined;
  }

  /** The first that is read at a folder or above it. */
  function upwards(
    start: string,
    at: (folder: string) => InstalledPackage | undefined,
  ): InstalledPackage | undefined {
    for (let folder = start; ; folder = dirname(folder)) {
      const place = at(folder);
      if (place !== undefined || folder === dirname(folder)) return place;
    }
  }

  /** Where Yarn keeps packages, which has no folders of them. */
  function findUnfolded(name: string, start: string): InstalledPackage | undefined {
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

  return {
    runtime: dirname(url.fileURLToPath(import.meta.url)),
    dirname,
    realPath,
    nearest: (start) => upwards(start, read),
    find: (name, start) =>
      upwards(start, (folder) => read(join(folder, 'node_modules', name))) ??
      (process.versions.pnp === undefined ? undefined : findUnfolded(name, start)),
    urlOf: (folder, file) => url.pathToFileURL(join(realPath(folder) ?? folder, file)).href,
  };
}

function asPlugin({ folder, text }: InstalledPackage, disk: Disk): DiscoveredPackage | undefined {
  if (!text.includes('"nnmeter-')) return undefined;
  const manifest = parse(text);
  const keywords = Array.isArray(manifest.keywords) ? manifest.keywords.map(String) : [];
  if (!keywords.some((keyword) => keyword.startsWith('nnmeter-'))) return undefined;
  const name = String(manifest.name);
  const url = disk.urlOf(folder, entryOf(manifest));
  let loading: Promise<Record<string, unknown>> | undefined;
  return {
    name,
    keywords,
    facts: manifest.nnmeter,
    load() {
      // Node remembers modules, but finding them again takes as long as reading a small model.
      loading ??= load(name, url);
      return loading;
    },
  };
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

function dependenciesOf(file: PackageFile): string[] {
  const { dependencies, devDependencies, optionalDependencies } = file;
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
