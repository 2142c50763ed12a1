import { describe, expect, test } from '@jest/globals';
import { readNnMeterIr, writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { GraphBuilder, graphCost, NnMeterError } from '@nnmeter/ir';
import fc from 'fast-check';

/** Reads, costs and writes; returns the error if it is one of ours, and lets any other escape. */
function attempt(json: unknown): NnMeterError | undefined {
  try {
    const graph = readNnMeterIr(json);
    const { macs, parameters, weightBytes, inputBytes, outputBytes } = graphCost(graph);
    for (const value of [macs, parameters, weightBytes, inputBytes, outputBytes]) {
      expect(value).toBeGreaterThanOrEqual(0);
    }
    readNnMeterIr(JSON.parse(JSON.stringify(writeNnMeterIr(graph))));
    return undefined;
  } catch (error) {
    if (!(error instanceof NnMeterError)) throw error;
    expect(error.message.length).toBeLessThan(2000);
    return error;
  }
}

function sample() {
  const builder = new GraphBuilder('sample', { layout: 'NHWC' });
  const image = builder.input('image', [1, 16, 16, 4]);
  const stem = builder.relu(builder.bn(builder.conv(image, 8, { kernel: 3, padding: 'same' })));
  const [left, right] = builder.split(stem, [4, 4]);
  const joined = builder.concat([builder.dwconv(left!, { kernel: 3, padding: 'same' }), right!]);
  const scaled = builder.mul(builder.maxpool(joined, 2, { stride: 2 }), 0.5);
  return builder.build(builder.fc(builder.flatten(builder.gap(scaled)), 10));
}

const names = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', 'a:1', '');
const extent = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(1, 2, 4, 8) },
  { weight: 1, arbitrary: fc.integer({ min: -1, max: 99 }) },
);
const shape = fc.array(extent, { maxLength: 4 });
const integers = fc.oneof(
  fc.integer({ min: -2, max: 5 }),
  fc.array(fc.integer({ min: -1, max: 4 })),
);
const extents = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat(4), { maxLength: 4 }));
const attributes = fc.record(
  {
    kernel_shape: extents,
    weight_shape: extents,
    strides: extents,
    pads: integers,
    padding: fc.constantFrom('SAME', 'VALID', "b'NOTSET'"),
    axis: integers,
    axes: integers,
    perm: integers,
    group: fc.integer({ min: 1, max: 4 }),
    constant: fc.double(),
    equation: fc.constantFrom('ij->ji', 'ab,bc', '...', ','),
  },
  { requiredKeys: [] },
);
const node = fc.record(
  {
    inbounds: fc.array(names, { maxLength: 3 }),
    outbounds: fc.array(names, { maxLength: 3 }),
    attr: fc.record(
      {
        type: fc.constantFrom(
          ...[
            'Placeholder',
            'Const',
            'Identity',
            'Conv2D',
            'DepthwiseConv2dNative',
            'Conv',
            'MatMul',
          ],
          ...[
            'MaxPool',
            'Mean',
            'Split',
            'ConcatV2',
            'Add',
            'BiasAdd',
            'Reshape',
            'Transpose',
            'Pad',
          ],
          ...[
            'Slice',
            'Softmax',
            'FusedBatchNorm',
            'Clip',
            'Sum',
            'Einsum',
            'LSTM',
            'Odd',
            'Relu6',
          ],
        ),
        input_shape: fc.array(shape, { maxLength: 3 }),
        output_shape: fc.array(shape, { maxLength: 3 }),
        attr: attributes,
      },
      { requiredKeys: ['type'] },
    ),
  },
  { requiredKeys: ['attr'] },
);

describe('readNnMeterIr on hostile input', () => {
  test('any JSON value is a graph or one clear error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.string(), fc.uint8Array()), (value) => {
        attempt(value);
      }),
      { numRuns: 500 },
    );
  });

  test('any network of odd nodes is a graph or one clear error', () => {
    let graphs = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(names, node), { minLength: 1, maxLength: 4 }), (nodes) => {
        if (attempt(JSON.stringify(Object.fromEntries(nodes))) === undefined) graphs++;
      }),
      { numRuns: 3000 },
    );
    expect(graphs).toBeGreaterThan(100);
  });

  test('a file with bytes changed or cut is a graph or one clear error', () => {
    const text = JSON.stringify(writeNnMeterIr(sample()));
    const bytes = new TextEncoder().encode(text);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 32, max: 126 })), {
          maxLength: 4,
        }),
        fc.nat(bytes.length),
        fc.boolean(),
        (changes, length, cut) => {
          const changed = bytes.slice(0, cut ? length : undefined);
          for (const [at, byte] of changes) if (at < changed.length) changed[at] = byte;
          const error = attempt(changed);
          if (cut && length < bytes.length) expect(error?.code).toBe('E_INVALID_INPUT');
        },
      ),
      { numRuns: 500 },
    );
  });

  test('nothing reaches Object.prototype', () => {
    attempt(
      '{"__proto__": {"attr": {"type": "Relu", "polluted": 1, "attr": {"__proto__": {"polluted": 1}}}}}',
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test.each([
    ['nested a million deep', '{"a":'.repeat(1e6), 'E_INVALID_INPUT'],
    [
      'nested in a node',
      `{"a":{"attr":{"attr":{"x":${'['.repeat(1e6)}${']'.repeat(1e6)}}}}}`,
      undefined,
    ],
    ['a name of 50 MB', `{"${'n'.repeat(5e7)}":{"attr":{"type":7}}}`, 'E_INVALID_INPUT'],
    [
      'extents of 2^62',
      '{"a":{"attr":{"type":"Relu","output_shape":[[4611686018427387904]]}}}',
      'E_INVALID_INPUT',
    ],
    [
      '2^90 elements',
      `{"a":{"attr":{"type":"Relu","output_shape":[[${2 ** 45},${2 ** 45}]]}}}`,
      'E_INVALID_GRAPH',
    ],
    [
      'a negative extent',
      '{"a":{"attr":{"type":"Relu","output_shape":[[1,-7]]}}}',
      'E_INVALID_INPUT',
    ],
    [
      'an input of unknown width',
      '{"a":{"attr":{"type":"Placeholder","output_shape":[[1,8,-1,3]]}}}',
      'E_MISSING_DIMENSION',
    ],
    [
      'an operand of unknown width',
      '{"a":{"attr":{"type":"Relu","input_shape":[[1,8,-1,3]]}}}',
      'E_MISSING_DIMENSION',
    ],
    [
      'an identity of itself',
      '{"a":{"inbounds":["a"],"attr":{"type":"Identity"}},"b":{"inbounds":["a"],"attr":{"type":"Relu"}}}',
      'E_INVALID_GRAPH',
    ],
    [
      'a stride of 0',
      '{"a":{"attr":{"type":"MaxPool","input_shape":[[1,4,4,1]],"attr":{"ksize":2,"strides":0}}}}',
      'E_INVALID_INPUT',
    ],
  ])('%s', (_, text, code) => {
    expect(attempt(text)?.code).toBe(code);
  });
});
