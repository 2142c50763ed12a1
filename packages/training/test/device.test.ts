import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { decodeWeights, KERNEL_KINDS, KernelModel } from '@nnmeter/latency-model';
import { listLatencyPredictors, loadLatencyPredictor } from '@nnmeter/predictor';
import { readAnchors, readDevice, readDevices } from '@nnmeter/training/node';

const PREDICTORS = fileURLToPath(new URL('../../../predictors', import.meta.url));
const devices = await readDevices(PREDICTORS);

describe('the devices of this repository', () => {
  test('are all folders in predictors, and what is listed, in that order', async () => {
    expect(devices.map(({ folder }) => basename(folder)).sort()).toEqual(
      readdirSync(PREDICTORS)
        .filter((name) => name !== 'learned')
        .sort(),
    );
    const listed = (await listLatencyPredictors()).filter(
      (summary) => summary.package !== null && summary.status === undefined,
    );
    expect(listed.map(({ name }) => name)).toEqual(devices.map(({ name }) => name));
  });

  test.each(devices)('$name: its plugin is made of its files', async ({ folder, name }) => {
    const file = JSON.parse(readFileSync(join(folder, 'device.json'), 'utf8'));
    const { aliases, version, device } = await loadLatencyPredictor(name);
    expect({ aliases, version, device }).toEqual({
      aliases: file.aliases,
      version: file.version,
      device: file.device,
    });
  });

  test.each(devices)('$name: its weights were trained on its physics and terms', (device) => {
    const weights = decodeWeights(new Uint8Array(readFileSync(join(device.folder, 'weights.bin'))));
    expect(weights.terms).toBe(device.terms);
    expect(weights.physics).toEqual(device.physics);
  });

  test.each(devices)(
    '$name: kernels measured alone are predicted within a factor of two',
    (device) => {
      const bytes = new Uint8Array(readFileSync(join(device.folder, 'weights.bin')));
      const model = new KernelModel(decodeWeights(bytes));
      for (const { kernel, ms } of device.anchors!) {
        const kind = KERNEL_KINDS[kernel.kind];
        const octaves = Math.log2(model.latency(kernel) / ms);
        expect([kind, Math.abs(octaves) < 1 ? 'close' : octaves]).toEqual([kind, 'close']);
      }
    },
  );
});

describe('a device of others', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nnmeter-device-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const device = {
    name: 'laptop_onnxruntime1',
    aliases: ['laptop'],
    version: '0.1',
    title: 'A laptop',
    device: {
      product: 'A laptop',
      processor: 'x86-64',
      kind: 'cpu',
      framework: 'ONNX Runtime',
      precision: 'float32',
      clock: '4 GHz',
    },
    terms: 'cpu',
  };
  const write = (file: string, content: unknown): void =>
    writeFileSync(join(folder, 'laptop', file), JSON.stringify(content));
  mkdirSync(join(folder, 'laptop'));

  test('needs no physics, no anchors, no options', async () => {
    write('device.json', device);
    write('rules.json', { fuse: {} });
    expect(await readDevices(folder)).toEqual([
      {
        folder: join(folder, 'laptop'),
        name: 'laptop_onnxruntime1',
        terms: 'cpu',
        rules: { fuse: {} },
        anchors: [],
      },
    ]);
  });

  test('may know some of its physics', async () => {
    write('device.json', { ...device, physics: { macsPerMs: 6e7, notes: { macsPerMs: 'two' } } });
    expect((await readDevice(join(folder, 'laptop'))).physics).toEqual({ macsPerMs: 6e7 });
  });

  test.each([
    ['a field too many', { ...device, colour: 'red' }, 'colour'],
    ['other terms', { ...device, terms: 'tpu' }, 'cpu'],
    ['no name', { ...device, name: undefined }, 'name'],
    ['a negative rate', { ...device, physics: { macsPerMs: -1 } }, 'physics.macsPerMs'],
    ['an alias that is no text', { ...device, aliases: [7] }, 'aliases.0'],
  ])('with %s is refused with the place', async (_, content, place) => {
    write('device.json', content);
    await expect(readDevice(join(folder, 'laptop'))).rejects.toMatchObject({
      code: 'E_INVALID_INPUT',
      message: expect.stringMatching(new RegExp(`device\\.json.*${place}.*device\\.schema\\.json`)),
    });
  });

  test('that is no JSON, or not there, is refused', async () => {
    writeFileSync(join(folder, 'laptop', 'device.json'), '{');
    await expect(readDevice(join(folder, 'laptop'))).rejects.toMatchObject({
      code: 'E_INVALID_INPUT',
    });
    await expect(readDevice(join(folder, 'phone'))).rejects.toMatchObject({ code: 'E_FILE' });
    await expect(readDevices(folder, ['phone'])).rejects.toMatchObject({
      code: 'E_FILE',
      message: expect.stringContaining('there are laptop'),
    });
    await expect(readDevices(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'E_FILE' });
  });

  test('with an anchor of a kind that there is not is refused', async () => {
    const file = join(folder, 'laptop', 'anchors.json');
    const anchor = { name: 'mine', ms: 0.5, kernel: { kind: 'relu', side: 8, channels: 4 } };
    write('anchors.json', { source: 'me', anchors: [anchor] });
    expect(await readAnchors(file)).toMatchObject([{ ms: 0.5, weight: 3, kernel: { height: 8 } }]);
    const unknown = { ...anchor, kernel: { ...anchor.kernel, kind: 'rellu' } };
    write('anchors.json', { source: 'me', anchors: [unknown] });
    await expect(readAnchors(file)).rejects.toMatchObject({
      code: 'E_INVALID_INPUT',
      message: expect.stringContaining('"rellu"'),
    });
  });
});
