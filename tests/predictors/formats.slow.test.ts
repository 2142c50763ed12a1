import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ROOT } from '../../scripts/pack-packages.mjs';
import { run } from '../support/run.ts';

const CLI = join(ROOT, 'packages/cli/bin/nn-meter.js');
const RESNET18 = join(ROOT, 'fixtures/onnx/resnet18.onnx');

/** A format that no package of this repository names: a word, then "conv CHANNELS" or "relu" in each line. */
const FACTS = {
  format: 'stack',
  title: 'stacks of layers',
  suffixes: ['.stack'],
  head: '^STACK',
  option: { name: 'stack', description: 'Stacks of layers, or folders of .stack files' },
};
const FRONTEND = `
import { GraphBuilder, NnMeterError } from '@nnmeter/ir';
import { readWhole } from '@nnmeter/model-source';

if (process.env.SHOW_IMPORTS) console.error('frontend-stack is imported');
const text = (bytes) => new TextDecoder().decode(bytes);

export const frontend = {
  format: 'stack',
  title: 'stacks of layers',
  matches: (head) => (text(head).startsWith('STACK\\n') ? 1 : 0),
  async read(source, { name = source.name.replace(/\\.stack$/, ''), inputShapes = [1, 3, 32, 32] }) {
    const b = new GraphBuilder(name);
    let x = b.input('image', inputShapes);
    for (const [index, line] of text(await readWhole(source)).trim().split('\\n').slice(1).entries()) {
      const [op, channels] = line.split(' ');
      if (op === 'relu') x = b.relu(x);
      else if (op === 'conv') x = b.conv(x, Number(channels), { kernel: 3, padding: 1 });
      else throw new NnMeterError('E_UNSUPPORTED_OP', 'no such layer', { where: { node: 'layer ' + index, op } });
    }
    return b.build(x);
  },
};
`;

const project = mkdtempSync(join(tmpdir(), 'nnmeter-formats-'));
afterAll(() => rmSync(project, { recursive: true }));

function write(path: string, content: string): string {
  mkdirSync(join(project, path, '..'), { recursive: true });
  writeFileSync(join(project, path), content);
  return path;
}

beforeAll(() => {
  const manifest = {
    name: 'frontend-stack',
    type: 'module',
    exports: './index.js',
    keywords: ['nnmeter-frontend'],
    nnmeter: FACTS,
  };
  write('package.json', JSON.stringify({ dependencies: { 'frontend-stack': '*' } }));
  write('node_modules/frontend-stack/package.json', JSON.stringify(manifest));
  write('node_modules/frontend-stack/index.js', FRONTEND);
  symlinkSync(join(ROOT, 'node_modules/@nnmeter'), join(project, 'node_modules/@nnmeter'));
  write('net.stack', 'STACK\nconv 8\nrelu\n');
  write('models/a.stack', 'STACK\nconv 8\n');
  write('models/b.txt', 'no model');
  write('models/broken.stack', 'STACK\nbatman\n');
  write('models/fake.stack', 'something\nelse');
});

async function nnMeter(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const given = [CLI, '--predictor', 'cortexa76', ...args];
  const { status, stdout, stderr } = await run(process.execPath, given, project, {
    ...process.env,
    ...env,
  });
  return { status, stderr, results: stdout.startsWith('[') ? JSON.parse(stdout) : stdout };
}

describe('a format of a package that nothing names', () => {
  test('is recognised by content and named in the results', async () => {
    write('misleading.onnx', 'STACK\nconv 8\nrelu\n');
    const { status, stderr, results } = await nnMeter(['net.stack', 'misleading.onnx', '--json']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(results).toMatchObject([
      { model: 'net.stack', type: 'stack', kernels: [{ type: 'conv-relu' }] },
      { model: 'misleading.onnx', type: 'stack' },
    ]);
    expect(results[0].latencyMs).toBeGreaterThan(0);
    expect(results[1].latencyMs).toBe(results[0].latencyMs);
  });

  test('has an option that takes files and folders of its suffix', async () => {
    const help = await nnMeter(['--help']);
    expect(help.results).toMatch(/--stack +Stacks of layers, or folders/);
    const args = ['--stack', 'net.stack', 'models', '--input-shape', '1,3,64,64', '--json'];
    const { status, results } = await nnMeter(args);
    expect(status).toBe(1);
    expect(results).toMatchObject([
      { model: 'net.stack', type: 'stack' },
      { model: 'models/a.stack', type: 'stack' },
      { model: 'models/broken.stack', type: 'stack', error: { code: 'E_UNSUPPORTED_OP' } },
      { model: 'models/fake.stack', type: 'stack', error: { code: 'E_UNSUPPORTED_OP' } },
    ]);
    expect(results[0].kernels[0].input).toEqual([1, 64, 64, 3]);
    expect(results[2].error).toMatchObject({
      message: 'models/broken.stack: no such layer',
      where: { file: 'models/broken.stack', format: 'stack', node: 'layer 0', op: 'batman' },
    });
  });

  test('is found in folders of anything; a file of its suffix is expected to be one', async () => {
    const { results, stderr } = await nnMeter(['models', '--json']);
    expect(results).toMatchObject([
      { model: 'models/a.stack', type: 'stack' },
      { model: 'models/broken.stack', type: 'stack', error: { code: 'E_UNSUPPORTED_OP' } },
      { model: 'models/fake.stack', type: null, error: { code: 'E_UNSUPPORTED_FORMAT' } },
    ]);
    expect(stderr).toMatch(/skipped models\/b\.txt/);
  });

  test('is loaded only for files that may be of it', async () => {
    const show = { SHOW_IMPORTS: '1' };
    expect((await nnMeter([RESNET18], show)).stderr).toBe('');
    expect((await nnMeter(['net.stack'], show)).stderr).toBe('frontend-stack is imported\n');
  });
});

test('a frontend package that does not load, or exports none, is named when it is needed', async () => {
  const index = 'node_modules/frontend-stack/index.js';
  for (const [code, message] of [
    [`import 'a-package-that-is-gone';`, /frontend-stack is installed but does not load .*gone/],
    ['export const frontend = {};', /package frontend-stack is not a frontend/],
    [FRONTEND.replaceAll(`'stack'`, `'pile'`), /frontend for "pile".* package\.json says "stack"/],
  ] as const) {
    write(index, code);
    expect((await nnMeter(['net.stack'])).stderr).toMatch(message);
    expect((await nnMeter([RESNET18])).status).toBe(0);
  }
  write(index, FRONTEND);
});
