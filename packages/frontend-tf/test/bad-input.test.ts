import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { frontend, readTensorFlow, readTensorFlowFile } from '@nnmeter/frontend-tf';
import { NnMeterError } from '@nnmeter/ir';
import fc from 'fast-check';

const fixtures = join(import.meta.dirname, '../../../fixtures/tf');
const read = (name: string): Buffer => readFileSync(join(fixtures, name));

/** A message field or string of the protobuf wire format. */
function field(number: number, content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content as Uint8Array);
  const length: number[] = [];
  for (let rest = bytes.length; ; rest = Math.floor(rest / 128)) {
    length.push(rest < 128 ? rest : (rest % 128) + 128);
    if (rest < 128) break;
  }
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), bytes]);
}

function nodeDef(
  name: string,
  op: string,
  inputs: readonly string[] = [],
  attributes: readonly Buffer[] = [],
): Buffer {
  return Buffer.concat([
    field(1, name),
    field(2, op),
    ...inputs.map((input) => field(3, input)),
    ...attributes.map((attribute) => field(5, attribute)),
  ]);
}

const shapeAttribute = Buffer.concat([
  field(1, 'shape'),
  field(
    2,
    field(7, Buffer.concat([1, 8, 8, 3].map((extent) => field(2, Buffer.from([8, extent]))))),
  ),
]);
const input = nodeDef('x', 'Placeholder', [], [shapeAttribute]);
const graphOf = (nodes: readonly Buffer[]): Buffer =>
  Buffer.concat(nodes.map((node) => field(1, node)));
const graphDef = (...nodes: readonly Buffer[]): Buffer => graphOf(nodes);

describe('what is not a TensorFlow model', () => {
  test.each([
    ['a PNG', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), /not a TensorFlow model/],
    ['text', Buffer.from('{"nodes": []}'), /not a TensorFlow model/],
    ['nothing', Buffer.alloc(0), /empty/],
  ])('%s', (_, bytes, message) => {
    expect(() => readTensorFlow(bytes)).toThrow(message);
    expect(frontend.matches(bytes)).toBe(false);
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
    await expect(readTensorFlowFile(folder)).rejects.toThrow(/holds no saved_model.pb/);
    await expect(readTensorFlowFile(join(folder, 'missing.pb'))).rejects.toMatchObject({
      code: 'E_FILE',
    });
    writeFileSync(join(folder, 'empty.pb'), '');
    await expect(readTensorFlowFile(join(folder, 'empty.pb'))).rejects.toThrow(/empty/);
  });
});

describe('broken graphs', () => {
  test('a cycle is named', () => {
    const cycle = [nodeDef('a', 'Add', ['x', 'b']), nodeDef('b', 'Relu', ['a'])];
    const before = nodeDef('before', 'Relu', ['x']);
    for (const nodes of [
      [input, ...cycle, nodeDef('c', 'Relu', ['b'])],
      [input, before, nodeDef('a', 'Add', ['before', 'b']), nodeDef('b', 'Relu', ['a'])],
    ]) {
      expect(() => readTensorFlow(graphDef(...nodes))).toThrow(
        /in a cycle: ("a" \(Add\) -> "b" \(Relu\)|"b" \(Relu\) -> "a" \(Add\));/,
      );
    }
    const itself = graphDef(input, nodeDef('a', 'Add', ['x', 'a']));
    expect(() => readTensorFlow(itself)).toThrow(/in a cycle: "a" \(Add\);/);
  });

  test('an input nothing computes', () => {
    expect(() => readTensorFlow(graphDef(input, nodeDef('a', 'Relu', ['ghost'])))).toThrow(
      /"a" reads "ghost:0"/,
    );
  });

  test('two nodes of one name', () => {
    expect(() =>
      readTensorFlow(graphDef(input, nodeDef('a', 'Relu', ['x']), nodeDef('a', 'Relu', ['x']))),
    ).toThrow(/two nodes .* named "a"/);
  });

  test('an unknown op is named with its node, the rest stays usable', () => {
    const graph = readTensorFlow(
      graphDef(
        input,
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

  test('functions that call themselves', () => {
    const body = Buffer.concat([
      field(1, Buffer.concat([field(1, 'f'), field(2, field(1, 'a')), field(3, field(1, 'r'))])),
      field(3, nodeDef('again', 'f', ['a'])),
      field(4, Buffer.concat([field(1, 'r'), field(2, 'again:output:0')])),
    ]);
    const bytes = Buffer.concat([
      graphDef(input, nodeDef('call', 'f', ['x'])),
      field(2, field(1, body)),
    ]);
    expect(() => readTensorFlow(bytes)).toThrow(/function "f" calls itself/);
  });

  test('functions that double each other are stopped early', () => {
    const level = (index: number): Buffer =>
      Buffer.concat([
        field(
          1,
          Buffer.concat([field(1, `f${index}`), field(2, field(1, 'a')), field(3, field(1, 'r'))]),
        ),
        field(3, nodeDef('one', `f${index + 1}`, ['a'])),
        field(3, nodeDef('two', `f${index + 1}`, ['one:output:0'])),
        field(4, Buffer.concat([field(1, 'r'), field(2, 'two:output:0')])),
      ]);
    const library = Array.from({ length: 40 }, (_, index) => field(1, level(index)));
    const leaf = Buffer.concat([
      field(1, Buffer.concat([field(1, 'f40'), field(2, field(1, 'a')), field(3, field(1, 'r'))])),
      field(4, Buffer.concat([field(1, 'r'), field(2, 'a')])),
    ]);
    const bytes = Buffer.concat([
      graphDef(input, nodeDef('call', 'f0', ['x'])),
      field(2, Buffer.concat([...library, field(1, leaf)])),
    ]);
    expect(() => readTensorFlow(bytes)).toThrow(/more than 500,000 nodes once its functions/);
  });

  test('a function the library does not hold', () => {
    const f = Buffer.concat([field(1, 'f'), field(2, field(10, field(1, 'nowhere')))]);
    expect(() =>
      readTensorFlow(graphDef(input, nodeDef('call', 'PartitionedCall', ['x'], [f]))),
    ).toThrow(/calls function "nowhere"/);
  });
});

test('a pooling that has its window as inputs', () => {
  const integers = (values: readonly number[]): Buffer => {
    const shape = field(2, field(2, Buffer.from([8, values.length])));
    const content = Buffer.from(new Uint8Array(Int32Array.from(values).buffer));
    const tensor = Buffer.concat([Buffer.from([8, 3]), shape, field(4, content)]);
    return Buffer.concat([field(1, 'value'), field(2, field(8, tensor))]);
  };
  const bytes = graphDef(
    input,
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

test('200,000 nodes in a row are read', () => {
  const nodes = [input];
  for (let index = 0; index < 200_000; index++)
    nodes.push(nodeDef(`n${index}`, 'Relu', [index === 0 ? 'x' : `n${index - 1}`]));
  expect(readTensorFlow(graphOf(nodes)).nodes).toHaveLength(200_000);
});

test('mutated files give a graph or one clear error', () => {
  const originals = ['slim.pb', 'two_inputs.pb', 'saved_model/saved_model.pb'].map(read);
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
