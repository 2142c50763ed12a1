import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import { test } from '@jest/globals';

const folder =
  process.env.NNMETER_SHARED ?? fileURLToPath(new URL('../../../../../shared', import.meta.url));

/** Whether the folder of measurements is there, beside the checkout or where NNMETER_SHARED says. */
export const hasShared = existsSync(folder);

/** A test that needs the measurements; elsewhere it says that it is skipped. */
export function sharedTest(name: string, body: () => void | Promise<void>): void {
  if (hasShared) test(name, body);
  else test.skip(`${name} (skipped: ../shared absent)`, body);
}

export const sharedPath = (path: string): string => `${folder}/${path}`;

/** Up to `limit` graphs (nn-Meter IR, parsed) of one family by id, in the order of the file. */
export async function benchGraphs(
  family: string,
  wanted: (id: string, index: number) => boolean,
  limit: number,
): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  const file = createReadStream(sharedPath(`bench/${family}s.jsonl.gz`));
  const lines = createInterface({ input: file.pipe(createGunzip()) });
  let index = 0;
  for await (const line of lines) {
    const id = /^\{"id":\s*"([^"]+)"/.exec(line)![1]!;
    if (wanted(id, index++)) found.set(id, JSON.parse(line).graph);
    if (found.size === limit) break;
  }
  lines.close();
  file.destroy();
  return found;
}
