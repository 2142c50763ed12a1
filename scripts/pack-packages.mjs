import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The published packages: each one's folder and its package.json. */
export function publishedPackages() {
  return ['apps', 'packages', 'predictors']
    .flatMap((group) => readdirSync(join(ROOT, group)).map((name) => join(ROOT, group, name)))
    .map((folder) => ({
      folder,
      manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
    }))
    .filter(({ manifest }) => !manifest.private);
}

/**
 * Packs every published package into `destination`, as `pnpm publish` would send it. Per package: `name`, `folder`,
 * `manifest` (its package.json), `filename` of the tarball and `files` (the paths in it).
 */
export function packPackages(destination) {
  const packages = publishedPackages();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(ROOT, 'node_modules/pnpm/bin/pnpm.cjs'),
      ...packages.map(({ manifest }) => `--filter=${manifest.name}`),
      ...['pack', '--json', '--pack-destination', destination],
    ],
    { cwd: ROOT, encoding: 'utf8', maxBuffer: 1e8 },
  );
  if (status !== 0) throw new Error(`pnpm pack fails:\n${stderr}${stdout}`);
  const tarballs = new Map(JSON.parse(stdout).map(({ name, filename }) => [name, filename]));
  return packages.map(({ folder, manifest }) => {
    const filename = tarballs.get(manifest.name);
    return { name: manifest.name, folder, manifest, filename, files: filesIn(filename) };
  });
}

/** Listed from the tarball, since the LICENSE that pnpm adds is not in its own list. */
function filesIn(tarball) {
  return [...readTarball(tarball).keys()];
}

/** The files of a package's tarball, by their path in the package. */
export function readTarball(path) {
  const bytes = gunzipSync(readFileSync(path));
  const files = new Map();
  for (let at = 0; bytes[at] > 0; ) {
    const [name, size, type, prefix] = [
      [0, 100],
      [124, 12],
      [156, 1],
      [345, 155],
    ].map(([offset, length]) =>
      bytes.toString('utf8', at + offset, at + offset + length).replace(/\0.*$/s, ''),
    );
    const length = Number.parseInt(size, 8);
    const file = `${prefix}/${name}`.replace(/^\/?package\//, '');
    // Only regular files have the type 0; what pnpm packs needs no other for a name.
    if (type === '0') files.set(file, bytes.subarray(at + 512, at + 512 + length));
    at += 512 * (1 + Math.ceil(length / 512));
  }
  return files;
}
