import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { onWindows, testIf } from '../../../tests/support/test-if.ts';
import {
  folderWith,
  MOBILENET_V2,
  nnMeter,
  nnMeterProcess,
  type Prediction,
  parseOutput,
  RESNET18,
} from './run.ts';

const TINY = fileURLToPath(new URL('../../nn-meter-predictors/fixtures/tiny', import.meta.url));
const OLD = ['--predictor', 'cortexa76', '--predictor-version', '1.0'];

interface Stored {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly kernels: string[];
}

/** A home with the original's layout: its pickles under data/predictor. */
function originalHome(): string {
  const home = folderWith({});
  const folder = join(home, '.nn_meter/data/predictor/cortexA76cpu_tflite21');
  mkdirSync(folder, { recursive: true });
  cpSync(TINY, folder, { recursive: true });
  return home;
}

test('version 1.0 that is not here is answered with the command that gets it', async () => {
  const run = await nnMeter([...OLD, RESNET18]);
  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(/cortexA76cpu_tflite21" 1\.0.*nn-meter predictors pull cortexA76/);
});

test('what is imported predicts as version 1.0, and version 2 stays the default', async () => {
  const home = folderWith({});
  const folder = join(home, 'cortexA76cpu_tflite21');
  cpSync(TINY, folder, { recursive: true });
  const imported = await nnMeter(['predictors', 'import', folder, '--json'], home, home);
  expect(imported).toMatchObject({ code: 0, stderr: '' });
  const [stored] = parseOutput<Stored>('stored', imported.stdout);
  expect(stored).toMatchObject({ name: 'cortexA76cpu_tflite21', version: '1.0', state: 'ready' });
  expect(stored?.kernels).toHaveLength(16);

  const [old, latest, list] = await Promise.all([
    nnMeter([...OLD, '--json', MOBILENET_V2], home, home),
    nnMeter(['--predictor', 'cortexa76', '--json', MOBILENET_V2], home, home),
    nnMeter(['predictors', 'list', '--json'], home, home),
  ]);
  const [prediction] = parseOutput<Prediction>('predict', old.stdout);
  expect(prediction).toMatchObject({ version: '1.0', interval: null });
  expect(parseOutput<Prediction>('predict', latest.stdout)[0]?.version).toBe('2.0');
  const rows = parseOutput<{ name: string; version: string; installed: boolean }>(
    'predictors',
    list.stdout,
  );
  const state = rows.filter(({ version }) => version === '1.0').map(({ installed }) => installed);
  expect(state).toEqual([true, false, false, false]);
});

test('pickles that the original has downloaded are found where it keeps them', async () => {
  const home = originalHome();
  const run = await nnMeter([...OLD, '--json', RESNET18], home, home);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(parseOutput<Prediction>('predict', run.stdout)[0]).toMatchObject({ version: '1.0' });
});

test("the original's predictors.yaml is honoured", async () => {
  const home = folderWith({});
  const config = join(home, '.nn_meter/config');
  mkdirSync(config, { recursive: true });
  const yaml = `- name: Mine\n  version: 1.0\n  category: gpu\n  package_location: ${TINY}\n`;
  writeFileSync(join(config, 'predictors.yaml'), yaml);
  const run = await nnMeter(['--predictor', 'mine', '--json', RESNET18], home, home);
  const [prediction] = parseOutput<Prediction>('predict', run.stdout);
  expect(prediction).toMatchObject({ predictor: 'Mine', version: '1.0' });
  writeFileSync(
    join(config, 'predictors.yaml'),
    '- name: Mine\n  version: 1.0\n  category: toaster\n',
  );
  const broken = await nnMeter(['predictors', 'list'], home, home);
  expect(broken.stderr).toMatch(/predictors\.yaml, entry 1.*category must be cpu, gpu or vpu/);
  const toaster = yaml.replace('Mine', 'Toaster').replace('gpu', 'toaster');
  writeFileSync(join(config, 'predictors.yaml'), toaster + yaml);
  const beside = await nnMeter(['--predictor', 'mine', '--json', RESNET18], home, home);
  const [warned] = parseOutput<Prediction>('predict', beside.stdout);
  expect(warned?.latencyMs).toBe(prediction?.latencyMs);
  expect(warned?.warnings.join()).toMatch(/left out: .*predictors\.yaml, entry 1/);
});

test('plugins of the project are found by keyword; two that claim one name and version are named', async () => {
  const project = folderWith({});
  const plugin = (name: string, product: string): void => {
    const folder = join(project, 'node_modules', name);
    mkdirSync(folder, { recursive: true });
    const manifest = {
      name,
      type: 'module',
      keywords: ['nnmeter-predictor'],
      exports: { import: './a.js' },
    };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    const official = JSON.stringify(import.meta.resolve('@nnmeter/predictor-myriadvpu'));
    writeFileSync(
      join(folder, 'a.js'),
      `import myriad from ${official};
       const device = { ...myriad.device, product: ${JSON.stringify(product)} };
       export default { ...myriad, name: 'toaster', aliases: [], version: '3.0', device };`,
    );
  };
  plugin('toaster-one', 'Toaster');
  const dependencies = { 'toaster-one': '1', 'toaster-two': '1' };
  writeFileSync(join(project, 'package.json'), JSON.stringify({ dependencies }));
  const run = await nnMeterProcess(['--predictor', 'toaster', '--json', RESNET18], project);
  expect(parseOutput<Prediction>('predict', run.stdout)[0]).toMatchObject({ version: '3.0' });

  plugin('toaster-two', 'Other toaster');
  const both = await nnMeterProcess(['predictors', 'list'], project);
  expect(both.code).toBe(1);
  expect(both.stderr).toMatch(/toaster 3\.0.*toaster-one and toaster 3\.0.*toaster-two/);
});

test('a predictor of the user is registered, used, and unregistered', async () => {
  const home = folderWith({});
  cpSync(TINY, join(home, 'pickles'), { recursive: true });
  const meta = join(home, 'meta.yaml');
  const lines = ['name: my_phone', 'version: 1.10', 'category: cpu', 'package_location: pickles'];
  writeFileSync(meta, [...lines, 'kernel_predictors:', '  - conv-bn-relu', '  - fc'].join('\n'));

  const registered = await nnMeter(['register', '--predictor', meta, '--json'], home, home);
  const [stored] = parseOutput<Stored>('stored', registered.stdout);
  expect(stored).toMatchObject({ name: 'my_phone', version: '1.10', state: 'registered' });
  expect(stored?.kernels).toEqual(['conv-bn-relu', 'fc']);

  const again = await nnMeter(['register', '--predictor', meta], home, home);
  expect(again.stderr).toMatch(/a predictor my_phone 1\.10 already/);

  const run = await nnMeter(['--predictor', 'MY_PHONE', '--json', RESNET18], home, home);
  const [prediction] = parseOutput<Prediction>('predict', run.stdout);
  expect(prediction?.coverage.nodes).toBeLessThan(1);
  expect(prediction?.warnings.join()).toMatch(/counted as 0 ms.*add-relu \(8\), gap, maxpool/);

  const removed = await nnMeter(['unregister', '--predictor', 'my_phone'], home, home);
  expect(removed.code).toBe(0);
  const gone = await nnMeter(['--predictor', 'my_phone', RESNET18], home, home);
  expect(gone.stderr).toMatch(/unknown predictor "my_phone"/);
});

test.each([
  [['register', '--predictor', 'missing.yaml'], /cannot open "missing\.yaml": there is no/],
  [['register', '--predictor', '/dev/zero'], /cannot open "\/dev\/zero": it is a device/],
  [['predictors', 'import', '/dev/zero'], /"\/dev\/zero".*is a device/],
  [['dataset', 'pull', '--zip', '/dev/zero'], /"\/dev\/zero".*is a device/],
  [['register'], /--predictor meta\.yaml is missing/],
  [['unregister', '--predictor', 'nobody'], /no predictor "nobody" is registered/],
  [['predictors', 'pull', 'toaster'], /no predictor "toaster" can be downloaded/],
  [['predictors', 'pull'], /name what to download/],
  [['predictors', 'import', '/does/not/exist.zip'], /exist\.zip": there is no such file/],
])('%j is one line of explanation', async (args, message) => {
  const { code, stdout, stderr } = await nnMeter(args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^nn-meter: error: [^\n]+\n$/);
  expect(stderr).toMatch(message);
});

const testUnix = testIf(!onWindows, 'Windows has no modes');

testUnix(
  'where nothing can be kept, commands that keep nothing work, and the others say where it would be',
  async () => {
    const folder = folderWith({});
    cpSync(TINY, join(folder, 'pickles'), { recursive: true });
    const meta = ['name: mine', 'version: 1.0', 'category: cpu', 'package_location: pickles'];
    writeFileSync(join(folder, 'meta.yaml'), meta.join('\n'));
    chmodSync(folder, 0o755);
    const home = folderWith({});
    chmodSync(home, 0o555);
    const user = process.getuid?.() === 0 ? { uid: 65534 } : {};
    const run = (...args: string[]) => nnMeterProcess(args, folder, home, user);
    const [predicted, listed, ...refused] = await Promise.all([
      run('--json', RESNET18),
      run('predictors', 'list', '--json'),
      run('predictors', 'import', 'pickles'),
      run('register', '--predictor', 'meta.yaml'),
      run('predictors', 'pull', 'adreno640'),
      run('dataset', 'pull'),
    ]);
    for (const { code, stderr } of [predicted, listed])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const { code, stderr } of refused) {
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /are kept in ".*data.*", which cannot be written to \(permission denied/,
      );
    }
  },
);
