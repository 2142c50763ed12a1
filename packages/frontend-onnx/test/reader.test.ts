import {
  closeSync,
  copyFileSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  frontend,
  inferOnnxShapes,
  type ModelProto,
  readOnnx,
  readOnnxFile,
} from '@nnmeter/frontend-onnx';
import type { Graph } from '@nnmeter/ir';
import { openModel, readModel } from '@nnmeter/model-source';
import { testLinks } from '../../../tests/support/test-if.ts';
import {
  encode,
  fixture,
  fixtures,
  int,
  model,
  node,
  onnx,
  RESHAPE_TARGET,
  reshapeBy,
  value,
  weight,
} from './support/onnx-model.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nnmeter-onnx-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function content(graph: Graph): unknown {
  const { nodes, inputs, outputs, metadata, warnings } = graph;
  return { nodes, inputs, outputs, metadata, warnings, tensors: [...graph.tensors.values()] };
}

const OPEN: Record<string, number[]> = { dynamic_segmenter: [1, 3, 64, 64], dynamic_lstm: [1, 5] };

describe.each(readdirSync(fixtures).filter((file) => file.endsWith('.onnx')))('%s', (file) => {
  const name = file.replace('.onnx', '');
  const options = { name, ...(OPEN[name] && { inputShapes: OPEN[name] }) };

  test('bytes, the file and what onnx-proto decodes give the same graph', async () => {
    const bytes = fixture(name);
    const graph = content(readOnnx(bytes, options));
    expect(content(await readOnnxFile(join(fixtures, file), options))).toEqual(graph);
    // onnx-proto 8 knows ONNX 1.10, whose functions have no attributes with defaults, and whose nodes have no metadata.
    if (name === 'functions' || name === 'tiny_vit_dynamo') return;
    const decoded: ModelProto = onnx.ModelProto.decode(bytes);
    expect(content(readOnnx(decoded, options))).toEqual(graph);
  });

  test('is recognised by its content', async () => {
    const source = await openModel(fixture(name));
    expect(await frontend.matches(source.head, source)).toBeGreaterThan(0.5);
  });
});

test('names begin with the modules around a node, which the newer exporter of PyTorch has in metadata', () => {
  const names = readOnnx(fixture('tiny_vit_dynamo')).nodes.map(({ name }) => name);
  const modules = names.filter((name) => name.includes('/')).map((name) => name.split('/')[0]);
  // The modules of fixtures/make-onnx-fixtures.py that compute something.
  const inLayer = ['norm1', 'self_attn', 'norm2', 'linear1', 'linear2'];
  const layers = [0, 1].flatMap((layer) => inLayer.map((part) => `blocks.layers.${layer}.${part}`));
  expect([...new Set(modules)]).toEqual(
    expect.arrayContaining(['embed', 'head', 'blocks.layers.0', ...layers]),
  );
  expect(names).toContain('embed/node_conv2d');
  expect(names).toContain('node_cat');
});

test.each([
  ["['', 'layer1', 'layer1.0', 'relu_3']", 'layer1.0/n'],
  ["['', 'relu']", 'n'],
  ['', 'n'],
  ["'", 'n'],
  ["[''''''''''''", 'n'],
])('the modules %s', (scopes, name) => {
  const metadataProps = [
    { key: 'pkg.torch.onnx.stack_trace', value: 'File "model.py"' },
    { key: 'pkg.torch.onnx.name_scopes', value: scopes },
  ];
  const relu = { ...node('Relu', ['x'], ['y']), name: 'n', metadataProps };
  const graph = { node: [relu], input: [value('x', [4])], output: [{ name: 'y' }] };
  expect(readOnnx(model(graph)).nodes.map((each) => each.name)).toEqual([name]);
});

test('all ways of storing small values are read', () => {
  const shapes = [
    { dataType: 7, int64Data: [2, -1] },
    { dataType: 7, rawData: new Uint8Array(new BigInt64Array([2n, -1n]).buffer) },
    { dataType: 6, int32Data: [2, -1] },
    { dataType: 6, rawData: new Uint8Array(new Int32Array([2, -1]).buffer) },
    { dataType: 11, doubleData: [2, -1] },
    { dataType: 1, floatData: [2, -1] },
    { dataType: 10, int32Data: [0x4000, 0xbc00] },
    { dataType: 10, rawData: new Uint8Array(new Uint16Array([0x4000, 0xbc00]).buffer) },
    { dataType: 16, int32Data: [0x4000, 0xbf80] },
  ];
  for (const tensor of shapes) {
    const graph = model({
      node: [
        node('Cast', ['stored'], ['shape'], [int('to', 7)]),
        node('Reshape', ['x', 'shape'], ['y']),
      ],
      initializer: [{ name: 'stored', dims: [2], ...tensor }],
      input: [value('x', [4, 3])],
      output: [{ name: 'y' }],
    });
    expect(inferOnnxShapes(encode(graph)).get('y')).toEqual([2, 6]);
    expect(inferOnnxShapes(onnx.ModelProto.fromObject(graph)).get('y')).toEqual([2, 6]);
  }
});

test('bytes may be an ArrayBuffer or a view into a larger one', () => {
  const bytes = fixture('resnet18');
  const larger = new Uint8Array(bytes.length + 7);
  larger.set(bytes, 7);
  const expected = content(readOnnx(bytes));
  expect(content(readOnnx(larger.subarray(7)))).toEqual(expected);
  expect(content(readOnnx(larger.slice(7).buffer))).toEqual(expected);
});

test('the graph of a file is named after it', async () => {
  const path = join(folder, 'my net.onnx');
  copyFileSync(join(fixtures, 'qdq.onnx'), path);
  expect((await readOnnxFile(path)).name).toBe('my net');
});

test('shapes that a model was not exported for come with what to do', async () => {
  const path = join(fixtures, 'tiny_vit.onnx');
  const reading = readOnnxFile(path, { inputShapes: [1, 3, 96, 96] });
  await expect(reading).rejects.toMatchObject({
    code: 'E_SHAPE',
    problem: expect.stringContaining('do not broadcast'),
    where: { file: path, op: 'Add' },
    hint: { text: expect.stringContaining('export it for these') },
  });
  const add = node('Add', ['a', 'b'], ['y']);
  const graph = { node: [add], input: [value('a', [3]), value('b', [4])], output: [{ name: 'y' }] };
  const invalid = await openModel(encode(model(graph)));
  const asExported = readModel(invalid, frontend, { inputShapes: {}, dimensions: {} });
  await expect(asExported).rejects.toMatchObject({ code: 'E_SHAPE', hint: undefined });
});

/** A varint of any size as protobuf writes it. */
function varint(number: number): number[] {
  const bytes: number[] = [];
  let rest = number;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

test('a 5 GB weight is stepped over, also in front of everything else', async () => {
  // The file has a hole where the weight is; it takes no space, and no buffer could hold it.
  const payload = 5 * 2 ** 30;
  const path = join(folder, 'large.onnx');
  const graph = onnx.GraphProto.encode({
    node: [node('Conv', ['x', 'w'], ['y'])],
    input: [value('x', [1, 8, 5, 5])],
    output: [{ name: 'y' }],
  }).finish();
  const tensor = onnx.TensorProto.encode({ name: 'w', dataType: 1, dims: [4, 8, 3, 3] }).finish();
  const tensorHead = [...tensor, 0x4a, ...varint(payload)];
  const initializer = [0x2a, ...varint(tensorHead.length + payload), ...tensorHead];
  const opset = onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
  }).finish();
  const head = Uint8Array.from([
    ...opset,
    0x3a,
    ...varint(initializer.length + payload + graph.length),
    ...initializer,
  ]);
  const file = openSync(path, 'w');
  writeSync(file, head);
  ftruncateSync(file, head.length + payload);
  writeSync(file, graph, 0, graph.length, head.length + payload);
  closeSync(file);
  const read = await readOnnxFile(path);
  expect(read.tensor('w').shape).toEqual([4, 8, 3, 3]);
  expect(read.tensor('y').shape).toEqual([1, 4, 3, 3]);
});

describe('external data', () => {
  beforeAll(() => {
    mkdirSync(join(folder, 'inner'));
    writeFileSync(join(folder, 'outside.bin'), RESHAPE_TARGET);
  });

  test('a shape stored beside the model is read', async () => {
    writeFileSync(join(folder, 'shapes.bin'), RESHAPE_TARGET);
    writeFileSync(join(folder, 'beside.onnx'), reshapeBy('shapes.bin'));
    expect((await readOnnxFile(join(folder, 'beside.onnx'))).tensor('y').shape).toEqual([6, 2]);
  });

  test.each([
    ['absent.bin', /absent\.bin": there is no such file/],
    ['../outside.bin', /outside the folder of the model/],
    ['/etc/hostname', /outside the folder of the model|no such file/],
  ])('%s is refused', expectRefused);

  testLinks('a link that leads outside is refused', async () => {
    symlinkSync(join(folder, 'outside.bin'), join(folder, 'inner', 'link.bin'));
    await expectRefused('link.bin', /outside the folder of the model/);
  });

  async function expectRefused(location: string, message: RegExp): Promise<void> {
    const path = join(folder, 'inner', 'model.onnx');
    writeFileSync(path, reshapeBy(location));
    await expect(readOnnxFile(path)).rejects.toMatchObject({
      name: 'NnMeterError',
      code: 'E_FILE',
      message: expect.stringMatching(message),
    });
  }

  test('from bytes, the message says what to do; weights are never missed', () => {
    expect(() => readOnnx(reshapeBy('shapes.bin'))).toThrow(
      /"shape".*"shapes\.bin".*read the model from its path/,
    );
    const fc = model({
      node: [node('MatMul', ['x', 'w'], ['y'])],
      initializer: [weight('w', [3, 2])],
      input: [value('x', [4, 3])],
      output: [{ name: 'y' }],
    });
    expect(readOnnx(encode(fc)).tensor('y').shape).toEqual([4, 2]);
  });
});

test('names that are not UTF-8 stay different names', () => {
  const bytes = encode(
    model({
      node: [
        node('Relu', ['x'], ['a1a']),
        node('Relu', ['x'], ['a2a']),
        node('Add', ['a1a', 'a2a'], ['y']),
      ],
      input: [value('x', [1, 3])],
      output: [{ name: 'y' }],
    }),
  );
  const latin1 = Buffer.from(bytes)
    .toString('latin1')
    .replace(/a1a/g, 'a\xe9a')
    .replace(/a2a/g, 'a\xeaa');
  const graph = readOnnx(Buffer.from(latin1, 'latin1'));
  expect(graph.nodes.at(-1)?.inputs).toEqual(['a\\xe9a', 'a\\xeaa']);
});

test('names in UTF-8 are read as they are, whatever they say', () => {
  const name = 'caf\u00e9 \uFFFD \uFEFF';
  const bytes = encode(
    model({ node: [node('Relu', ['x'], [name])], input: [value('x', [1])], output: [{ name }] }),
  );
  expect(readOnnx(bytes).outputs).toEqual([name]);
});
