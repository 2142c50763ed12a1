import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { frontend, readTensorFlow, readTensorFlowFile } from '@nnmeter/frontend-tf';
import { NnMeterError } from '@nnmeter/ir';
import { openModel } from '@nnmeter/model-source';
import fc from 'fast-check';
import { field, graphDef, imageInput, nodeDef } from './support/wire.ts';

const fixtures = join(import.meta.dirname, '../../../fixtures/tf');
const read = (name: string): Buffer => readFileSync(join(fixtures, name));

describe('what is not a TensorFlow model', () => {
  test.each([
    ['a PNG', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), /not a TensorFlow model/],
    ['text', Buffer.from('{"nodes": []}'), /not a TensorFlow model/],
    ['nothing', Buffer.alloc(0), /empty/],
  ])('%s', async (_, bytes, message) => {
    expect(() => readTensorFlow(bytes)).toThrow(message);
    const source = await openModel(bytes);
    expect(await frontend.matches(source.head, source)).toBe(0);
  });

  test('a truncated graph', () => {
    const whole = read('mobilenet_v2.pb');
    expect(() => readTensorFlow(whole.subarray(0, whole.length - 1000))).toThrow(
      /not a complete TensorFlow model/,
    );
  });

  test('a SavedModel without a graph', () => {
    expect(() => readTensorFlow(Buffer.from([8, 1, 0x12, 0]))).toThrow(
      /SavedModel without a graph/,
    );
  });

  test('a folder without saved_model.pb, a missing file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nnmeter-'));
    await expect(readTensorFlowFile(folder)).rejects.toThrow(
      /is a folder; name the model file in it/,
    );
    await expect(readTensorFlowFile(join(folder, 'missing.pb'))).rejects.toMatchObject({
      code: 'E_FILE',
    });
    writeFileSync(join(folder, 'empty.pb'), '');
    await expect(readTensorFlowFile(join(folder, 'empty.pb'))).rejects.toThrow(/empty/);
  });
});

/** The attribute `value` of a Const: float32 (1) or int32 (3), zeros of a shape. */
function valueAttribute(type: number, shape: readonly number[]): Buffer {
  const dimensions = shape.map((extent) => field(2, Buffer.from([8, extent])));
  const tensor = Buffer.concat([Buffer.from([8, type]), field(2, Buffer.concat(dimensions))]);
  return Buffer.concat([field(1, 'value'), field(2, field(8, tensor))]);
}

describe('broken graphs', () => {
  test.each([
    ['axis', nodeDef('y', 'Split', ['none', 'x'], [])],
    ['axis', nodeDef('y', 'ExpandDims', ['x', 'none'], [])],
    ['bound', nodeDef('y', 'ClipByValue', ['x', 'none', 'none'], [])],
  ])('an %s that is a tensor of no numbers', (_, node) => {
    const none = nodeDef('none', 'Const', [], [valueAttribute(3, [0])]);
    expect(() => readTensorFlow(graphDef(imageInput, none, node))).toThrow(
      /"y" \(\w+\): its input "none" holds no number/,
    );
  });

  test.each(['constructor', 'toString', '__proto__'])(
    'an op of the name %s is one not known',
    (op) => {
      const constant = nodeDef('c', 'Const', [], [valueAttribute(3, [1])]);
      const odd = nodeDef('y', op, ['c', 'c']);
      const relu = nodeDef('relu', 'Relu', ['x']);
      const { nodes } = readTensorFlow(graphDef(imageInput, constant, odd, relu));
      expect(nodes.map((node) => [node.op, node.sourceOp])).toEqual([
        ['custom', op],
        ['relu', 'Relu'],
      ]);
    },
  );

  test.each([
    ['Unpack', ['many']],
    ['Split', ['axis', 'many']],
  ])('%s into more results than any op has', (op, inputs) => {
    const extent = field(2, Buffer.from([8, 0x80, 0x80, 0x80, 0x80, 8]));
    const shape = Buffer.concat([field(1, 'shape'), field(2, field(7, extent))]);
    const many = nodeDef('many', 'Placeholder', [], [shape]);
    const axis = nodeDef('axis', 'Const', [], [valueAttribute(3, [])]);
    const count = Buffer.from([0x18, 0x80, 0x80, 0x80, 0x80, 8]);
    const parts = Buffer.concat([field(1, 'num_split'), field(2, count)]);
    expect(() => readTensorFlow(graphDef(many, axis, nodeDef('y', op, inputs, [parts])))).toThrow(
      /"y" \(\w+\): it takes a tensor apart into 2,147,483,648 parts; at most 100,000 are read/,
    );
  });

  test('a filter of another rank than the image', () => {
    const shape = field(
      7,
      Buffer.concat([3, 3, 8].map((extent) => field(2, Buffer.from([8, extent])))),
    );
    const attribute = Buffer.concat([field(1, 'shape'), field(2, shape)]);
    const flat = nodeDef('flat', 'Placeholder', [], [attribute]);
    const filter = nodeDef('filter', 'Const', [], [valueAttribute(1, [3, 3, 8, 4])]);
    const conv = nodeDef('y', 'Conv2D', ['flat', 'filter']);
    expect(() => readTensorFlow(graphDef(flat, filter, conv))).toThrow(
      /"y" \(Conv2D\): filter \[3, 3, 8, 4\] does not fit the input \[3, 3, 8\]/,
    );
  });

  test('a cycle is named', () => {
    const cycle = [nodeDef('a', 'Add', ['x', 'b']), nodeDef('b', 'Relu', ['a'])];
    const before = nodeDef('before', 'Relu', ['x']);
    for (const nodes of [
      [imageInput, ...cycle, nodeDef('c', 'Relu', ['b'])],
      [imageInput, before, nodeDef('a', 'Add', ['before', 'b']), nodeDef('b', 'Relu', ['a'])],
    ]) {
      expect(() => readTensorFlow(graphDef(...nodes))).toThrow(
        /in a cycle: ("a" \(Add\) -> "b" \(Relu\)|"b" \(Relu\) -> "a" \(Add\));/,
      );
    }
    const itself = graphDef(imageInput, nodeDef('a', 'Add', ['x', 'a']));
    expect(() => readTensorFlow(itself)).toThrow(/in a cycle: "a" \(Add\);/);
  });

  test('an input nothing computes', () => {
    expect(() => readTensorFlow(graphDef(imageInput, nodeDef('a', 'Relu', ['ghost'])))).toThrow(
      /"a" reads "ghost:0"/,
    );
  });

  test('two nodes of one name', () => {
    expect(() =>
      readTensorFlow(
        graphDef(imageInput, nodeDef('a', 'Relu', ['x']), nodeDef('a', 'Relu', ['x'])),
      ),
    ).toThrow(/two nodes .* named "a"/);
  });

  test('an unknown op is named with its node, the rest stays usable', () => {
    const graph = readTensorFlow(
      graphDef(
        imageInput,
        nodeDef('r', 'Relu', ['x']),
        nodeDef('odd', 'MyCustomOp', ['r']),
        nodeDef('after', 'Relu', ['odd']),
      ),
    );
    expect(graph.warnings.join()).toMatch(/"MyCustomOp".*"odd"/);
    expect(graph.nodes.map((node) => node.op)).toEqual(['relu', 'custom', 'custom']);
    expect(graph.tensor('r').shape).toEqual([1, 8, 8, 3]);
    expect(graph.tensor('after').shape).toBeUndefined();
  });

  test('outputs of an unknown op are as many as are read, of unknown shape', () => {
    const graph = readTensorFlow(
      graphDef(
        imageInput,
        nodeDef('odd', 'MyCustomOp', ['x']),
        nodeDef('third', 'Relu', ['odd:2']),
        nodeDef('apart', 'Relu', ['x']),
      ),
    );
    expect(graph.node('odd')?.outputs).toEqual(['odd', '', 'odd:2']);
    expect(graph.tensor('odd:2').shape).toBeUndefined();
    expect(graph.tensor('apart').shape).toEqual([1, 8, 8, 3]);
  });

  describe('loops whose condition is what a step hands on', () => {
    const named = (name: string, value: string): Buffer =>
      Buffer.concat([field(1, name), field(2, field(10, field(1, value)))]);
    const passOn = Buffer.concat([
      field(1, Buffer.concat([field(1, 'f'), field(2, field(1, 'a')), field(3, field(1, 'r'))])),
      field(4, Buffer.concat([field(1, 'r'), field(2, 'a')])),
    ]);
    const loopOver = (state: string, ...nodes: Buffer[]): Buffer => {
      const functions = [named('cond', 'f'), named('body', 'f')];
      const loop = nodeDef('loop', 'While', [state], functions);
      const out = nodeDef('out', 'Relu', ['loop']);
      return Buffer.concat([graphDef(imageInput, loop, out, ...nodes), field(2, field(1, passOn))]);
    };

    test('its own result', () => {
      const bytes = loopOver('again', nodeDef('again', 'Relu', ['loop']));
      expect(() => readTensorFlow(bytes)).toThrow(/"loop" depends on its own result|in a cycle/);
    });

    test('one that always holds', () => {
      const graph = readTensorFlow(loopOver('on', nodeDef('on', 'Const', [], [integers([1])])));
      expect(graph.warnings.join()).toMatch(/loops of more than 300,000 nodes.*"loop"/);
      expect(graph.nodes.map(({ sourceOp }) => sourceOp)).toEqual(['While', 'Relu']);
    });
  });

  test('functions that call themselves', () => {
    const body = Buffer.concat([
      field(1, Buffer.concat([field(1, 'f'), field(2, field(1, 'a')), field(3, field(1, 'r'))])),
      field(3, nodeDef('again', 'f', ['a'])),
      field(4, Buffer.concat([field(1, 'r'), field(2, 'again:output:0')])),
    ]);
    const bytes = Buffer.concat([
      graphDef(imageInput, nodeDef('call', 'f', ['x'])),
      field(2, field(1, body)),
    ]);
    expect(() => readTensorFlow(bytes)).toThrow(/function "f" calls itself/);
  });

  test('a function the library does not hold', () => {
    const f = Buffer.concat([field(1, 'f'), field(2, field(10, field(1, 'nowhere')))]);
    expect(() =>
      readTensorFlow(graphDef(imageInput, nodeDef('call', 'PartitionedCall', ['x'], [f]))),
    ).toThrow(/calls function "nowhere"/);
  });
});

/** The attribute of a constant list of 32-bit integers. */
function integers(values: readonly number[]): Buffer {
  const shape = field(2, field(2, Buffer.from([8, values.length])));
  const content = Buffer.from(new Uint8Array(Int32Array.from(values).buffer));
  const tensor = Buffer.concat([Buffer.from([8, 3]), shape, field(4, content)]);
  return Buffer.concat([field(1, 'value'), field(2, field(8, tensor))]);
}

test('of a condition of TensorFlow 1 only the side that is taken counts', () => {
  const sides = (taken: number): Buffer =>
    graphDef(
      imageInput,
      nodeDef('training', 'Const', [], [integers([taken])]),
      nodeDef('switch', 'Switch', ['x', 'training']),
      nodeDef('switch_t', 'Identity', ['switch:1']),
      nodeDef('switch_f', 'Identity', ['switch']),
      nodeDef('yes', 'Relu', ['switch:1']),
      nodeDef('no', 'Sigmoid', ['switch']),
      nodeDef('merge', 'Merge', ['no', 'yes']),
      nodeDef('out', 'Tanh', ['merge']),
    );
  const opsOf = (bytes: Buffer) => readTensorFlow(bytes).nodes.map(({ op }) => op);
  expect(opsOf(sides(0))).toEqual(['sigmoid', 'tanh']);
  expect(opsOf(sides(1))).toEqual(['relu', 'tanh']);
});

test('a pooling that has its window as inputs', () => {
  const bytes = graphDef(
    imageInput,
    nodeDef('size', 'Const', [], [integers([1, 3, 3, 1])]),
    nodeDef('step', 'Const', [], [integers([1, 2, 2, 1])]),
    nodeDef('pool', 'MaxPoolV2', ['x', 'size', 'step']),
  );
  const graph = readTensorFlow(bytes);
  expect(graph.nodes[0]).toMatchObject({
    op: 'maxpool',
    attributes: { kernelShape: [3, 3], strides: [2, 2] },
  });
  expect(graph.tensor('pool').shape).toEqual([1, 3, 3, 3]);
});

test('mutated files give a graph or one clear error', () => {
  const originals = [
    'slim.pb',
    'two_inputs.pb',
    'saved_model/saved_model.pb',
    'lstm.pb',
    'control.pb',
    'control_v1.pb',
  ].map(read);
  fc.assert(
    fc.property(
      fc.constantFrom(...originals),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 20 }),
      (original, changes) => {
        const bytes = Buffer.from(original);
        for (const [position, value] of changes) bytes[position % bytes.length] = value;
        try {
          readTensorFlow(bytes);
        } catch (error) {
          if (!(error instanceof NnMeterError)) throw error;
          expect(error.message.length).toBeLessThan(2000);
        }
      },
    ),
    { numRuns: 300 },
  );
});
