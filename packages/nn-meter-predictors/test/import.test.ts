import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { GraphBuilder } from '@nnmeter/ir';
import {
  importNnMeterPredictor,
  predictorSource,
  registerNnMeterPredictor,
} from '@nnmeter/nn-meter-predictors';
import { sharedPath, sharedTest } from '../../../tests/support/shared.ts';
import { TINY } from './support/fixtures.ts';
import { useTemporaryHome } from './support/home.ts';
import { type ZipEntry, zipOf } from './support/zip-writer.ts';

const home = useTemporaryHome();

/** A forest of four features, as fc has. */
const OTHER_FOREST = new URL(
  '../../sklearn-pickle/fixtures/sklearn-1.7.2-protocol4.pkl',
  import.meta.url,
);

const file = (name: string) => readFileSync(join(TINY, name));
const entry = (name: string, as = `phone/${name}`): ZipEntry => ({ name: as, content: file(name) });
const RULES = entry('fusion_rules.json');
const FC = entry('fc.pkl');

function write(entries: readonly ZipEntry[]): string {
  const path = join(home(), 'phone.zip');
  writeFileSync(path, zipOf(entries));
  return path;
}

const stored = () => {
  const folder = join(home(), 'data/predictors');
  return existsSync(folder) ? readdirSync(folder) : [];
};

test('a zip gives the same forests as its folder, files of others in it are left alone', async () => {
  const names = readdirSync(TINY).map((name) => entry(name));
  const zip = write([...names, { name: '__MACOSX/phone/._fc.pkl', content: Buffer.from('x') }]);
  const fromZip = await importNnMeterPredictor(zip);
  const fromFolder = await importNnMeterPredictor(TINY, { name: 'other' });
  expect(fromZip).toMatchObject({ name: 'phone', version: '1.0', category: 'cpu' });
  expect(fromZip.origin.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(fromZip.kernels).toEqual(fromFolder.kernels);
  expect(Object.keys(fromZip.kernels)).toHaveLength(16);
  expect(stored().sort()).toEqual(['other@1.0', 'phone@1.0']);
});

test('files at the top of a zip are named by the zip', async () => {
  const zip = write([entry('fusion_rules.json', 'fusion_rules.json'), entry('fc.pkl', 'fc.pkl')]);
  expect((await importNnMeterPredictor(zip)).name).toBe('phone');
});

describe('refused, and nothing is left behind', () => {
  const bomb = Buffer.alloc(64 << 20);
  test.each<[string, readonly ZipEntry[], RegExp, string]>([
    [
      'a path that leads outside',
      [RULES, entry('fc.pkl', '../../fc.pkl')],
      /invalid relative path/,
      'E_INVALID_INPUT',
    ],
    [
      'an absolute path',
      [RULES, entry('fc.pkl', '/etc/fc.pkl')],
      /absolute path/,
      'E_INVALID_INPUT',
    ],
    [
      'a backslash path',
      [RULES, entry('fc.pkl', '..\\fc.pkl')],
      /invalid characters/,
      'E_INVALID_INPUT',
    ],
    ['a symbolic link', [RULES, { ...FC, mode: 0o120777 }], /is a link/, 'E_INVALID_INPUT'],
    [
      'a zip bomb',
      [RULES, { name: 'phone/fc.pkl', content: bomb }],
      /unpacks to 67108864/,
      'E_LIMIT',
    ],
    ['a declared size of 4 GB', [RULES, { ...FC, size: 0xfffffffe }], /brings it to/, 'E_LIMIT'],
    [
      'a smaller declared size',
      [RULES, { ...FC, size: 100 }],
      /fc\.pkl" is damaged/,
      'E_INVALID_INPUT',
    ],
    [
      'a wrong checksum',
      [RULES, { ...FC, crc: 1 }],
      /does not match its checksum/,
      'E_INVALID_INPUT',
    ],
    ['the same file twice', [RULES, FC, FC], /twice/, 'E_INVALID_INPUT'],
    [
      'too many files',
      Array.from({ length: 501 }, (_, k) => entry('fc.pkl', `f${k}`)),
      /501 entries/,
      'E_LIMIT',
    ],
    [
      'two predictors',
      [RULES, FC, entry('fusion_rules.json', 'b/fusion_rules.json')],
      /several/,
      'E_INVALID_INPUT',
    ],
    ['no rules', [FC], /no fusion_rules\.json/, 'E_INVALID_INPUT'],
    ['no pickles', [RULES], /no <kernel>\.pkl/, 'E_INVALID_INPUT'],
    [
      'a pickle that calls os.system',
      [
        RULES,
        {
          name: 'phone/fc.pkl',
          content: Buffer.from('\x80\x04cposix\nsystem\n(S"touch hacked"\ntR.', 'latin1'),
        },
      ],
      /fc\.pkl.*posix\.system/,
      'E_UNSUPPORTED_FORMAT',
    ],
    [
      'a forest of other features',
      [RULES, { name: 'phone/conv-bn-relu.pkl', content: FC.content }],
      /takes 4 features, nn-Meter computes 7/,
      'E_UNSUPPORTED_FORMAT',
    ],
    [
      'rules that are not JSON',
      [{ name: 'phone/fusion_rules.json', content: Buffer.from('{') }, FC],
      /not JSON/,
      'E_INVALID_INPUT',
    ],
    [
      'MON = 1',
      [
        {
          name: 'phone/fusion_rules.json',
          content: Buffer.from('{"MON":{"obey":1},"BF_a_b":true}'),
        },
        FC,
      ],
      /rule MON is 1/,
      'E_UNSUPPORTED_FORMAT',
    ],
    [
      'a name that is no folder name',
      [entry('fusion_rules.json', '-x/fusion_rules.json'), entry('fc.pkl', '-x/fc.pkl')],
      /name "-x"/,
      'E_INVALID_INPUT',
    ],
  ])('%s', async (_, entries, message, code) => {
    await expect(importNnMeterPredictor(write(entries))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(stored()).toEqual([]);
  });

  test('a truncated zip, and a file that is none', async () => {
    const whole = zipOf([RULES, FC]);
    const path = join(home(), 'phone.zip');
    for (const bytes of [whole.subarray(0, whole.length / 2), new Uint8Array(0), FC.content]) {
      writeFileSync(path, bytes);
      await expect(importNnMeterPredictor(path)).rejects.toMatchObject({ code: 'E_INVALID_INPUT' });
    }
    expect(stored()).toEqual([]);
  });
});

sharedTest("pickles of nn-Meter's layout written by others", async () => {
  const folder = join(home(), 'theirs');
  mkdirSync(folder);
  cpSync(join(TINY, 'fusion_rules.json'), join(folder, 'fusion_rules.json'));
  const kernels = ['concat', 'conv-bn-relu', 'fc', 'maxpool'];
  for (const kernel of kernels) {
    cpSync(sharedPath(`pickles/nn-meter-layout-${kernel}.pkl`), join(folder, `${kernel}.pkl`));
  }
  const imported = await importNnMeterPredictor(folder);
  expect(Object.keys(imported.kernels).sort()).toEqual(kernels);
  expect(imported.kernels['conv-bn-relu']).toMatchObject({ trees: 370, nodes: 17978 });
});

test('a failed import leaves what was there before', async () => {
  const before = await importNnMeterPredictor(write([RULES, FC]));
  await expect(
    importNnMeterPredictor(write([RULES, FC, { ...entry('se.pkl'), crc: 1 }])),
  ).rejects.toThrow();
  expect(stored()).toEqual(['phone@1.0']);
  expect((await predictorSource.load('phone', '1.0'))?.version).toBe('1.0');
  const text = readFileSync(join(home(), 'data/predictors/phone@1.0/predictor.json'), 'utf8');
  expect(JSON.parse(text)).toEqual(before);
});

test('a stored forest that was changed is not used', async () => {
  await importNnMeterPredictor(write([RULES, FC]));
  const forest = join(home(), 'data/predictors/phone@1.0/fc.forest');
  const bytes = readFileSync(forest);
  bytes[40]! ^= 1;
  writeFileSync(forest, bytes);
  await expect(predictorSource.load('phone', '1.0')).rejects.toMatchObject({ code: 'E_WEIGHTS' });
});

test('a registered folder is converted again when its pickles change', async () => {
  const pickles = join(home(), 'pickles');
  mkdirSync(pickles);
  for (const name of ['fusion_rules.json', 'fc.pkl']) cpSync(join(TINY, name), join(pickles, name));
  const meta = join(home(), 'meta.json');
  const description = {
    name: 'Mine',
    version: '1.0',
    category: 'gpu',
    package_location: 'pickles',
  };
  writeFileSync(meta, JSON.stringify(description));
  await registerNnMeterPredictor(meta);
  const graph = new GraphBuilder('net');
  const predictFc = async () => {
    const predictor = await predictorSource.load('mine', '1.0');
    return predictor!.predictGraph(net).latencyMs;
  };
  const net = graph.build(graph.fc(graph.input('x', [1, 1024]), 1000));
  const before = await predictFc();
  expect(before).toBeGreaterThan(0);
  cpSync(OTHER_FOREST, join(pickles, 'fc.pkl'));
  expect(await predictFc()).not.toBe(before);
});

test('a link to a folder is followed, a file that is no configuration is named', async () => {
  symlinkSync(TINY, join(home(), 'linked'), 'junction');
  expect((await importNnMeterPredictor(join(home(), 'linked'))).name).toBe('linked');
  writeFileSync(join(home(), 'config.json'), '{"datafolder": "/tmp"}');
  await expect(predictorSource.list()).rejects.toThrow(/config\.json: unknown entry "datafolder"/);
});
