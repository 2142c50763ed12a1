import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { frontend, readOnnx, readOnnxFile } from '@nnmeter/frontend-onnx';
import { NnMeterError } from '@nnmeter/ir';
import { openModel } from '@nnmeter/model-source';
import {
  encode,
  fixture,
  type GraphFields,
  int,
  ints,
  model,
  network,
  node,
  value,
  vector,
  weight,
} from './support/onnx-model.ts';
import { refusal } from './support/refusal.ts';

describe('not ONNX', () => {
  const png = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13];
  const random = Array.from(
    { length: 5000 },
    (_, index) => (index * index * 31 + 17 * index + 5) & 255,
  );
  const graphDef = [0x0a, 0x05, 0x0a, 0x01, 0x61, 0x12, 0x00];
  test.each<[string, number[], RegExp]>([
    ['empty', [], /not an ONNX model: it is empty/],
    ['a PNG', png, /not an ONNX model: it looks like a PNG image/],
    ['a ZIP', [0x50, 0x4b, 3, 4, 20, 0], /a ZIP archive/],
    [
      'a Git LFS pointer',
      [...Buffer.from('version https://git-lfs.github.com/spec/v1\n')],
      /git lfs pull/,
    ],
    ['JSON', [...Buffer.from('{"a": 1}')], /it looks like JSON/],
    ['a TensorFlow graph', graphDef, /not an ONNX model: its only bytes are 0a 05/],
    ['random bytes', random, /not an ONNX model: its first bytes are/],
    ['zeros', new Array(100).fill(0), /not an ONNX model/],
    ['a model without a graph', [...encode({ irVersion: 8 })], /not an ONNX model/],
  ])('%s', async (_, bytes, message) => {
    const source = await openModel(Uint8Array.from(bytes));
    expect(await frontend.matches(source.head, source)).toBe(0);
    expect(refusal(Uint8Array.from(bytes))).toEqual({
      code: 'E_UNSUPPORTED_FORMAT',
      message: expect.stringMatching(message),
    });
  });

  test.each([[null], [undefined], ['model.onnx'], [42], [{}], [{ graph: null }]])('%p', (input) => {
    expect(refusal(input).code).toBe('E_INVALID_INPUT');
  });
});

describe('files', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nnmeter-onnx-bad-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('missing, a folder, empty', async () => {
    writeFileSync(join(folder, 'empty.onnx'), '');
    for (const path of [join(folder, 'missing.onnx'), folder, join(folder, 'empty.onnx')]) {
      await expect(readOnnxFile(path)).rejects.toMatchObject({
        name: 'NnMeterError',
        code: 'E_FILE',
        message: expect.stringContaining(path),
      });
    }
  });

  test('errors inside name the file', async () => {
    const path = join(folder, 'image.onnx');
    writeFileSync(path, Buffer.from('\x89PNG\r\n', 'latin1'));
    await expect(readOnnxFile(path)).rejects.toThrow(`${path}: not an ONNX model`);
  });

  test('cut off anywhere, a file is damaged or not ONNX, never a smaller network', async () => {
    const bytes = fixture('qdq');
    const path = join(folder, 'cut.onnx');
    // The last field is the opset import of 4 bytes, without which the model is complete but of opset 1.
    for (let length = 0; length < bytes.length - 4; length += 13) {
      const cut = bytes.slice(0, length);
      expect(refusal(cut).code).toMatch(/E_UNSUPPORTED_FORMAT|E_INVALID_INPUT/);
      writeFileSync(path, cut);
      await expect(readOnnxFile(path)).rejects.toBeInstanceOf(NnMeterError);
    }
    expect(refusal(bytes.slice(0, 500)).message).toMatch(
      /the ONNX file is damaged or cut off at byte \d+: .*export or download it again/,
    );
  });
});

describe('graphs that are not valid', () => {
  const graph = (fields: GraphFields): Uint8Array =>
    encode(model({ input: [value('x', [1, 4])], output: [{ name: 'y' }], ...fields }));
  const relu = node('Relu', ['x'], ['y']);
  test.each<[string, GraphFields, string, RegExp]>([
    [
      'a cycle',
      {
        node: [
          node('Add', ['x', 'b'], ['a']),
          node('Relu', ['a'], ['b']),
          node('Relu', ['b'], ['y']),
        ],
      },
      'E_INVALID_GRAPH',
      /cycle: "Relu b" \(Relu\) -> "Add a" \(Add\)/,
    ],
    ['no outputs', { node: [relu], output: [] }, 'E_INVALID_GRAPH', /it has no outputs/],
    [
      'a node that reads itself',
      { node: [node('Relu', ['y'], ['y'])] },
      'E_INVALID_GRAPH',
      /cycle/,
    ],
    [
      'a missing tensor',
      { node: [node('Relu', ['nothing'], ['y'])] },
      'E_INVALID_GRAPH',
      /"Relu y" \(Relu\) reads "nothing", which nothing computes/,
    ],
    [
      'a missing output',
      { node: [], output: [{ name: 'y' }] },
      'E_INVALID_GRAPH',
      /nothing computes its output "y"/,
    ],
    [
      'a tensor computed twice',
      { node: [relu, node('Exp', ['x'], ['y'])] },
      'E_INVALID_GRAPH',
      /"y" is computed twice, by "Relu y" \(Relu\) and by "Exp y"/,
    ],
    [
      'a constant that is computed',
      { node: [relu], initializer: [weight('y', [1])] },
      'E_INVALID_GRAPH',
      /two tensors are named "y"/,
    ],
    [
      'two constants of one name',
      { node: [relu], initializer: [weight('w', [1]), weight('w', [2])] },
      'E_INVALID_GRAPH',
      /two tensors are named "w"/,
    ],
    [
      'a missing input',
      { node: [node('Conv', ['x'], ['y'])] },
      'E_INVALID_GRAPH',
      /node "Conv y" \(Conv\): its input 1 is missing/,
    ],
    [
      'a missing attribute',
      { node: [node('MaxPool', ['x'], ['y'])] },
      'E_INVALID_GRAPH',
      /its attribute "kernel_shape" is missing/,
    ],
    [
      'shapes that do not fit',
      { node: [node('MatMul', ['x', 'w'], ['y'])], initializer: [weight('w', [5, 6])] },
      'E_SHAPE',
      /node "MatMul y" \(MatMul\): .*\[1, 4\].*\[5, 6\]/,
    ],
    [
      'a dimension of 2^62',
      { node: [node('Relu', ['w'], ['y'])], initializer: [weight('w', [2 ** 62])] },
      'E_INVALID_GRAPH',
      /tensor "w" has the shape \[4611686018427388000\]/,
    ],
    [
      'a negative dimension',
      { node: [node('Relu', ['w'], ['y'])], initializer: [weight('w', [2, -3])] },
      'E_INVALID_GRAPH',
      /"w" has the shape \[2, -3\]/,
    ],
    [
      'a negative input dimension',
      { node: [relu], input: [value('x', [1, -4])] },
      'E_INVALID_GRAPH',
      /"x" has the shape \[1, -4\]/,
    ],
    [
      'more than 2^53 elements',
      {
        node: [node('Relu', ['w'], ['y'])],
        initializer: [weight('w', new Array(3).fill(2 ** 20))],
      },
      'E_LIMIT',
      /more than 2\^53 elements/,
    ],
    [
      'a rank of 1000',
      { node: [relu], input: [value('x', new Array(1000).fill(1))] },
      'E_LIMIT',
      /rank 1000/,
    ],
    [
      'a growing tensor',
      {
        node: Array.from({ length: 40 }, (_, index) =>
          node(
            'Concat',
            index === 0
              ? ['x', 'x']
              : [`t${index - 1}`, `t${index - 1}`, `t${index - 1}`, `t${index - 1}`],
            [index === 39 ? 'y' : `t${index}`],
            [int('axis', 0)],
          ),
        ),
      },
      'E_LIMIT',
      /\(Concat\): tensor "t25".*more than 2\^53 elements/,
    ],
    [
      'a kernel larger than the image',
      {
        node: [node('MaxPool', ['image'], ['y'], [ints('kernel_shape', [9, 9])])],
        input: [value('image', [1, 1, 4, 4])],
      },
      'E_SHAPE',
      /window of 9 does not fit/,
    ],
    [
      'a stride of 0',
      {
        node: [
          node(
            'MaxPool',
            ['image'],
            ['y'],
            [ints('kernel_shape', [2, 2]), ints('strides', [0, 1])],
          ),
        ],
        input: [value('image', [1, 1, 4, 4])],
      },
      'E_SHAPE',
      /stride 0/,
    ],
    [
      'a group that does not divide',
      {
        node: [node('Conv', ['image', 'w'], ['y'], [int('group', 3)])],
        input: [value('image', [1, 4, 4, 4])],
        initializer: [weight('w', [6, 1, 3, 3])],
      },
      'E_SHAPE',
      /3 group/,
    ],
    [
      'an axis outside',
      { node: [node('Softmax', ['x'], ['y'], [int('axis', 5)])] },
      'E_SHAPE',
      /axis 5 is outside/,
    ],
    [
      'a reshape that does not fit',
      { node: [node('Reshape', ['x', 's'], ['y'])], initializer: [vector('s', [3, 3])] },
      'E_SHAPE',
      /cannot reshape \[1, 4\] to \[3, 3\]/,
    ],
  ])('%s', (_, fields, code, message) => {
    expect(refusal(graph(fields))).toEqual({ code, message: expect.stringMatching(message) });
  });

  test('op names of the JavaScript runtime are only names', () => {
    for (const opType of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      const read = readOnnx(network([node(opType, ['x'], ['y'], [int('__proto__', 1)])], [1, 4]));
      expect(read.nodes[0]!.op).toBe('custom');
      expect(read.warnings[0]).toContain(`(${opType}): there is no shape inference`);
    }
  });
});
