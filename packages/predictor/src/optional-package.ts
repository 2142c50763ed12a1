import { NnMeterError } from '@nnmeter/ir';

/**
 * Imports a package that the user may or may not have installed; undefined if not. Looked for beside this package,
 * and under Node also from the running program and from the working directory.
 * @throws NnMeterError E_MISSING_PACKAGE if it is installed but does not load.
 */
export async function importOptional(name: string): Promise<Record<string, unknown> | undefined> {
  try {
    return await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
  } catch (error) {
    if (!isNotFound(error, name)) throw unloadable(name, error);
  }
  const url = await resolveFromProject(name);
  if (url === undefined) return undefined;
  try {
    return await import(/* @vite-ignore */ /* webpackIgnore: true */ url);
  } catch (error) {
    throw unloadable(name, error);
  }
}

/** Tells "there is no such package" from "a package or file that it needs is missing": the former quotes its name. */
function isNotFound(error: unknown, name: string): boolean {
  const message = error instanceof Error ? error.message : '';
  return ["'", '"', '“', '`'].some((quote) => message.includes(`${quote}${name}`));
}

async function resolveFromProject(name: string): Promise<string | undefined> {
  if (typeof process === 'undefined' || process.versions?.node === undefined) return undefined;
  const [{ createRequire }, { realpathSync }, { pathToFileURL }] = await Promise.all([
    import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:module'),
    import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:fs'),
    import(/* @vite-ignore */ /* webpackIgnore: true */ 'node:url'),
  ]);
  const program = process.argv[1];
  for (const from of [...(program === undefined ? [] : [program]), `${process.cwd()}/index.js`]) {
    try {
      const base = from === program ? realpathSync(from) : from;
      return pathToFileURL(createRequire(base).resolve(name)).href;
    } catch {
      // Not there: look from the next place.
    }
  }
  return undefined;
}

function unloadable(name: string, cause: unknown): NnMeterError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new NnMeterError(
    'E_MISSING_PACKAGE',
    `the package ${name} is installed but does not load (${reason}); reinstall it: npm install ${name}`,
    { cause },
  );
}

/** The error for a package that has to be installed first. */
export function missingPackage(purpose: string, name: string, register: string): NnMeterError {
  return new NnMeterError(
    'E_MISSING_PACKAGE',
    `${purpose} needs a package that is not installed; run: npm install ${name}` +
      ` (in a bundled or browser application, import it and call ${register})`,
  );
}
