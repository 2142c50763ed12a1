import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Larger ones would leave time for few mutants. */
const MAX_BYTES = 30_000;

/** The small files of a folder of this repository whose names match. */
export function fixtures(folder: string, name: RegExp, maxBytes = MAX_BYTES): Uint8Array[] {
  return filesOf(join(ROOT, folder), name, maxBytes);
}

/** As {@link fixtures}, of a folder of ../shared (or NNMETER_SHARED); nothing without it. */
export function shared(folder: string, name: RegExp): Uint8Array[] {
  const path = join(process.env.NNMETER_SHARED ?? join(ROOT, '../shared'), folder);
  return existsSync(path) ? filesOf(path, name, MAX_BYTES) : [];
}

function filesOf(folder: string, name: RegExp, maxBytes: number): Uint8Array[] {
  return readdirSync(folder)
    .filter((file) => name.test(file))
    .map((file) => join(folder, file))
    .filter((file) => statSync(file).size <= maxBytes)
    .map((file) => new Uint8Array(readFileSync(file)));
}

/** Hands a new folder to `use` and deletes it; until then it is the home of nn-Meter. */
export async function withHome<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'nnmeter-fuzz-'));
  const before = process.env.NNMETER_HOME;
  process.env.NNMETER_HOME = folder;
  try {
    return await use(folder);
  } finally {
    if (before === undefined) delete process.env.NNMETER_HOME;
    else process.env.NNMETER_HOME = before;
    await rm(folder, { recursive: true, force: true });
  }
}
