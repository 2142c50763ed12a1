import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Frontend } from '@nnmeter/model-source';
import {
  detectModelType,
  loadLatencyPredictor,
  modelFileToGraph,
  modelToGraph,
  registerFrontend,
} from '@nnmeter/predictor';
import { onWindows, testIf, testLinks } from '../support/test-if.ts';
import { graphOf, smallNetwork } from './support/graphs.ts';

const folder = mkdtempSync(join(tmpdir(), 'models-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const resnet18 = fileURLToPath(new URL('../../fixtures/onnx/resnet18.onnx', import.meta.url));
const products = fileURLToPath(new URL('../../fixtures/tflite/products.tflite', import.meta.url));
const quantised = fileURLToPath(
  new URL('../../fixtures/tflite/mobilenet_v1_int8.tflite', import.meta.url),
);
const irText = JSON.stringify(smallNetwork);
const nniText = JSON.stringify({
  nodes: {
    relu: {
      operation: {
        type: 'aten::relu',
        parameters: { input_shape: [[1, 8]], output_shape: [[1, 8]] },
      },
    },
  },
  edges: [{ head: ['_inputs', 0], tail: ['relu', 0] }],
});

describe('the kind of a model is told by its content', () => {
  test.each([
    ['nnmeter-ir', irText],
    ['nnmeter-ir', `\n ${JSON.stringify(smallNetwork, null, 4)}`],
    ['nni-ir', nniText],
  ])('%s', async (type, text) => {
    expect(await detectModelType(file('misleading.onnx', text))).toBe(type);
    expect((await modelToGraph(new TextEncoder().encode(text))).metadata.format).toBe(type);
  });

  test('onnx', async () => {
    expect(await detectModelType(resnet18)).toBe('onnx');
    expect((await modelFileToGraph(resnet18)).nodes.length).toBeGreaterThan(40);
  });

  test('tflite', async () => {
    const bytes = readFileSync(products);
    expect(await detectModelType(file('misleading.onnx', bytes))).toBe('tflite');
    expect((await modelToGraph(new Uint8Array(bytes))).metadata.format).toBe('tflite');
  });

  test('a report says in which precision its model computes, and what its latency stands for', async () => {
    const [predictor, int8, float] = await Promise.all([
      loadLatencyPredictor('cortexA76'),
      modelFileToGraph(quantised),
      modelFileToGraph(resnet18),
    ]);
    const report = predictor.predictGraph(int8);
    expect(report.precision).toEqual({ activations: 'int8', weights: 'int8' });
    expect(report.warnings.join()).toMatch(/computes in int8 .* measured with float32 models/);
    const plain = predictor.predictGraph(float);
    expect(plain.precision).toEqual({ activations: 'float32', weights: 'float32' });
    expect(plain.warnings.join()).not.toMatch(/computes in/);
  });

  test.each([
    ['a picture', '\x89PNG\r\n\x1a\n0000'],
    ['other JSON', '{"name": "package", "version": "1"}'],
    ['text', 'hello'],
  ])('%s is none', async (_, content) => {
    const path = file('picture.onnx', content);
    await expect(modelFileToGraph(path)).rejects.toMatchObject({
      code: 'E_UNSUPPORTED_FORMAT',
      message: expect.stringMatching(/picture\.onnx.*onnx/),
    });
  });
});

describe('predict takes a model as it comes', () => {
  test('graph, path, bytes, buffer and object give the same', async () => {
    const predictor = await loadLatencyPredictor('cortexA76');
    const bytes = new TextEncoder().encode(irText);
    const reports = await Promise.all([
      predictor.predict(graphOf(smallNetwork)),
      predictor.predict(file('model', irText)),
      predictor.predict(file('model', irText), 'nnmeter-ir'),
      predictor.predict(bytes),
      predictor.predict(bytes.buffer),
      predictor.predict(smallNetwork, 'nnmeter-ir'),
    ]);
    const [first, ...others] = reports.map(({ latencyMs }) => latencyMs);
    expect(first).toBeGreaterThan(0);
    for (const other of others) expect(other).toBe(first);
  });

  test('a report is named after the file, or as asked', async () => {
    const predictor = await loadLatencyPredictor('cortexA76');
    expect((await predictor.predict(file('net.json', irText))).model).toBe('net');
    const named = await predictor.predict(smallNetwork, 'nnmeter-ir', { name: 'mine' });
    expect(named.model).toBe('mine');
  });

  test('objects are recognised too: a ModelProto, parsed nn-Meter and NNI IR', async () => {
    const dim = [1, 8].map((dimValue) => ({ dimValue }));
    const proto = {
      irVersion: 8,
      opsetImport: [{ domain: '', version: 13 }],
      graph: {
        input: [{ name: 'x', type: { tensorType: { elemType: 1, shape: { dim } } } }],
        node: [{ opType: 'Relu', input: ['x'], output: ['y'] }],
        output: [{ name: 'y' }],
      },
    };
    const found = await modelToGraph(proto);
    expect(found.metadata.format).toBe('onnx');
    expect(found.tensor('y').shape).toEqual([1, 8]);
    expect((await modelToGraph(smallNetwork)).metadata.format).toBe('nnmeter-ir');
    expect((await modelToGraph(JSON.parse(nniText))).metadata.format).toBe('nni-ir');
    await expect(modelToGraph({ id: 'x', graph: smallNetwork })).rejects.toThrow(/key "graph"/);
  });

  const itself = {};
  Object.assign(itself, { itself });
  test.each([
    ['a number', 7, 'E_INVALID_INPUT'],
    ['nothing', undefined, 'E_INVALID_INPUT'],
    ['a function', () => 0, 'E_INVALID_INPUT'],
    ['an object that contains itself', itself, 'E_INVALID_INPUT'],
    ['another object', { nothing: 1 }, 'E_UNSUPPORTED_FORMAT'],
    ['other numbers', new Float32Array(9), 'E_UNSUPPORTED_FORMAT'],
  ])('%s is refused', async (_, model, code) => {
    await expect(modelToGraph(model)).rejects.toMatchObject({ code });
  });

  test('an unknown type is answered with the known ones', async () => {
    await expect(modelFileToGraph(resnet18, 'caffe')).rejects.toMatchObject({
      code: 'E_INVALID_INPUT',
      message: expect.stringMatching(
        /"caffe"; known are nni-ir, nnmeter-ir, onnx, pb, pt2, tflite, torchvision/,
      ),
    });
  });
});

describe('torchvision goes by names', () => {
  test.each(['torchvision', 'torch'])('with type %s', async (type) => {
    expect((await modelFileToGraph('resnet18', type)).name).toBe('resnet18');
    expect((await modelToGraph('resnet18', type)).name).toBe('resnet18');
    await expect(modelFileToGraph('resnet81', type)).rejects.toMatchObject({
      code: 'E_UNKNOWN_MODEL',
      message: expect.stringMatching(/did you mean resnet/),
    });
  });

  test.each(['net.pt', 'net.pth', 'net.pt2', 'folder/net', 'resnet18'])(
    'but type torch leaves the file %s to others',
    async (name) => {
      mkdirSync(join(folder, 'folder'), { recursive: true });
      const path = name === 'resnet18' ? file(name, 'PK') : name;
      await expect(modelFileToGraph(path, 'torch')).rejects.toMatchObject({
        code: 'E_UNSUPPORTED_FORMAT',
        message: expect.stringMatching(
          /is a file, but nothing installed reads files of type "torch"/,
        ),
      });
    },
  );

  test('a registered reader of such files reads them, and names stay names', async () => {
    registerFrontend({
      format: 'torch',
      title: 'PyTorch files',
      matches: () => 0,
      read: ({ name }) => graphOf(smallNetwork, name),
    });
    expect((await modelFileToGraph(file('net.pt2', 'PK'), 'torch')).name).toBe('net.pt2');
    expect((await modelFileToGraph('resnet18', 'torch')).nodes.length).toBeGreaterThan(40);
  });
});

describe('files that cannot be read', () => {
  mkdirSync(join(folder, 'sub'));

  test.each([
    ['there is no such file', 'gone.onnx'],
    ['is a folder', 'sub'],
    ['it is no path', 'a\0b'],
    [onWindows ? 'there is no such file' : 'a part of the path is not a folder', 'net.json/inside'],
  ])('%s', expectUnreadable);

  testLinks('links go in circles', async () => {
    symlinkSync('loop', join(folder, 'loop'));
    await expectUnreadable('links go in a circle', 'loop');
  });

  async function expectUnreadable(reason: string, name: string): Promise<void> {
    file('net.json', irText);
    const path = join(folder, name);
    for (const type of [undefined, 'nnmeter-ir', 'onnx'] as const) {
      await expect(modelFileToGraph(path, type)).rejects.toMatchObject({
        code: 'E_FILE',
        message: expect.stringContaining(reason),
      });
    }
  }

  test('what the frontend says gets the path', async () => {
    const path = file('wrong.json', '{"a":{"attr":{"type":7}}}');
    await expect(modelFileToGraph(path)).rejects.toThrow(
      `${path}: not nn-Meter IR: node "a": attr.type must be string`,
    );
  });

  test('and says where it is in fields', async () => {
    const path = file('wrong.json', '{"a":{"attr":{"type":7}}}');
    await expect(modelFileToGraph(path)).rejects.toMatchObject({
      where: { file: path, format: 'nnmeter-ir', node: 'a' },
    });
    const gone = join(folder, 'gone.onnx');
    await expect(modelFileToGraph(gone)).rejects.toMatchObject({
      where: { file: gone },
      hint: { text: 'check the path' },
    });
    const open = fileURLToPath(new URL('../../fixtures/onnx/dynamic_lstm.onnx', import.meta.url));
    await expect(modelFileToGraph(open)).rejects.toMatchObject({
      where: { file: open, format: 'onnx', input: 'input' },
      hint: { inputShapes: { input: [1, 128] } },
    });
  });

  test('an empty file', async () => {
    await expect(modelFileToGraph(file('empty.onnx', ''))).rejects.toThrow(/empty\.onnx" is empty/);
  });

  testIf(existsSync('/dev/zero'), 'no /dev/zero')('a device that never ends', async () => {
    await expect(modelFileToGraph('/dev/zero')).rejects.toThrow(
      /it is a device, a pipe or a socket/,
    );
  });
});

test('a registered frontend reads its type, also found by content', async () => {
  const fake: Frontend = {
    format: 'pb',
    title: 'fakes',
    folderFile: 'saved_model.pb',
    matches: (head) => (new TextDecoder().decode(head).startsWith('FAKE') ? 1 : 0),
    read: ({ name }) => graphOf(smallNetwork, name === '' ? 'from memory' : 'from a file'),
  };
  registerFrontend(fake);
  const bytes = new TextEncoder().encode('FAKE model');
  expect((await modelToGraph(bytes)).name).toBe('from memory');
  expect((await modelFileToGraph(file('x.json', bytes))).name).toBe('from a file');
  mkdirSync(join(folder, 'saved'));
  writeFileSync(join(folder, 'saved', 'saved_model.pb'), bytes);
  expect(await detectModelType(join(folder, 'saved'))).toBe('pb');
});
