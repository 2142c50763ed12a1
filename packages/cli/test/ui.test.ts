import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Offer } from '@nnmeter/web';
import { RESHAPE_TARGET, reshapeBy } from '../../frontend-onnx/test/support/onnx-model.ts';
import { BIN, folderWith, SAVED_MODEL } from './run.ts';

test('the page is offered the models with the files that they refer to, and no others of their folder or elsewhere', async () => {
  const folder = folderWith({ 'outside.bin': RESHAPE_TARGET });
  const inner = join(folder, 'inner');
  mkdirSync(join(inner, 'data'), { recursive: true });
  const files = {
    'good.onnx': reshapeBy('data/shape.bin'),
    'data/shape.bin': RESHAPE_TARGET,
    'data/other.bin': RESHAPE_TARGET,
    'evil.onnx': reshapeBy('../outside.bin'),
    'absent.onnx': reshapeBy('absent.bin'),
    'damaged.onnx': reshapeBy('data/other.bin').subarray(0, 30),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(inner, name), content);
  const models = ['good.onnx', 'evil.onnx', 'absent.onnx', 'damaged.onnx'];
  const args = [...models.map((name) => join(inner, name)), SAVED_MODEL];
  const served = spawn(process.execPath, [BIN, 'ui', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(served.stdout, 'data')) as [Buffer];
    const { url } = JSON.parse(line.toString()) as { url: string };
    const offer = (await (await fetch(`${url}models.json`)).json()) as Offer;
    expect(
      offer.models.map(({ name, files: own }) => [name, own.map((file) => file.name)]),
    ).toEqual([
      ['good.onnx', ['good.onnx', 'data/shape.bin']],
      ...['evil.onnx', 'absent.onnx', 'damaged.onnx'].map((name) => [name, [name]]),
      [basename(SAVED_MODEL), ['saved_model/saved_model.pb']],
    ]);
    const [, beside] = offer.models[0]!.files;
    expect(beside!.size).toBe(RESHAPE_TARGET.length);
    const given = await fetch(`${url}${beside!.url}`, { headers: { range: 'bytes=8-15' } });
    expect([given.status, new Uint8Array(await given.arrayBuffer())]).toEqual([
      206,
      RESHAPE_TARGET.slice(8, 16),
    ]);
    expect((await fetch(`${url}models/6`)).status).toBe(404);
  } finally {
    served.kill();
    await once(served, 'exit');
  }
});
