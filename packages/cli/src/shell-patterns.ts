import { readdir } from 'node:fs/promises';

/**
 * Replaces arguments with `*` or `?` in their last part by the files they match, as a POSIX shell does before the program
 * starts; on Windows no shell does. What matches nothing stays as it is.
 */
export async function expandPatterns(
  argv: readonly string[],
  platform: NodeJS.Platform = process.platform,
): Promise<readonly string[]> {
  if (platform !== 'win32') return argv;
  return (await Promise.all(argv.map(expandPattern))).flat();
}

async function expandPattern(argument: string): Promise<readonly string[]> {
  const [, folder = '', pattern = ''] = /^(.*[\\/])?([^\\/]*)$/s.exec(argument) ?? [];
  if (argument.startsWith('-') || !/[*?]/.test(pattern)) return [argument];
  const source = pattern
    .replace(/[.+^${}()|[\]]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const matcher = new RegExp(`^${source}$`, 'is');
  const names = await readdir(folder === '' ? '.' : folder).catch(() => []);
  const matching = names.filter(
    (name) => matcher.test(name) && (pattern.startsWith('.') || !name.startsWith('.')),
  );
  return matching.length === 0 ? [argument] : matching.sort().map((name) => folder + name);
}
