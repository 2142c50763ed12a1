import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from '../../scripts/pack-packages.mjs';
import { run } from '../support/run.ts';

/** Runs before the program: counts how often each way of opening is used for a file with the given name. */
const COUNT = `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const opened = [];
let closed = 0;
const descriptors = new Set();
const watch = (holder, name) => {
  const original = holder[name];
  holder[name] = function (path, ...rest) {
    const result = original.call(this, path, ...rest);
    if (String(path).endsWith(process.env.WATCHED)) {
      opened.push(name);
      if (name === 'openSync') descriptors.add(result);
    }
    return result;
  };
};
for (const name of ['open', 'openSync', 'readFile', 'readFileSync', 'createReadStream', 'openAsBlob'])
  watch(fs, name);
for (const name of ['open', 'readFile']) watch(fs.promises, name);
const { closeSync } = fs;
fs.closeSync = (descriptor) => {
  if (descriptors.delete(descriptor)) closed++;
  return closeSync(descriptor);
};
syncBuiltinESMExports();
process.on('exit', () => console.error(JSON.stringify({ opened, closed })));
`;
const CLI = join(ROOT, 'packages/cli/bin/nn-meter.js');

async function openings(file: string, args: readonly string[]) {
  const hook = `--import=data:text/javascript,${encodeURIComponent(COUNT)}`;
  const env = { ...process.env, WATCHED: file };
  const { status, stderr } = await run(process.execPath, [hook, ...args], ROOT, env);
  return { status, ...JSON.parse(stderr.split('\n').at(-2)!) };
}

test.each([
  ['mobilenet_v2.onnx', 'fixtures/onnx/mobilenet_v2.onnx', 0],
  ['mobilenet_v1.pb', 'fixtures/tf/mobilenet_v1.pb', 0],
  ['saved_model.pb', 'fixtures/tf/saved_model', 0],
  ['package.json.json', 'fixtures/nowhere/package.json.json', 1],
])('nn-meter opens and closes %s once', async (file, path, status) => {
  const predict = [CLI, '--predictor', 'all', path];
  const once = status === 0 ? { opened: ['openSync'], closed: 1 } : { opened: [], closed: 0 };
  expect(await openings(file, predict)).toEqual({ status, ...once });
});

test('modelFileToGraph opens a file once, with a type or without, and closes it if it is bad', async () => {
  const read = (path: string, type?: string) => [
    '--input-type=module',
    '--eval',
    `import { modelFileToGraph } from '@nnmeter/predictor';
     await modelFileToGraph(${JSON.stringify(path)}, ${JSON.stringify(type)}).catch(() => {});`,
  ];
  const once = { status: 0, opened: ['openSync'], closed: 1 };
  const onnx = 'fixtures/onnx/mobilenet_v2.onnx';
  expect(await openings('mobilenet_v2.onnx', read(onnx))).toEqual(once);
  expect(await openings('mobilenet_v2.onnx', read(onnx, 'onnx'))).toEqual(once);
  expect(await openings('mobilenet_v2.onnx', read(onnx, 'pb'))).toEqual(once);
  expect(await openings('README.md', read('README.md'))).toEqual(once);
  const json = 'fixtures/nn-meter-ir/conv_block.json';
  expect(await openings('conv_block.json', read(json))).toEqual(once);
});
