import { describe, expect, test } from '@jest/globals';
import { type ConvOptions, createGraph, GraphBuilder } from '@nnmeter/ir';
import {
  createPredictor,
  loadLatencyPredictor,
  type PredictorDefinition,
} from '@nnmeter/predictor';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import { graphOf, smallNetwork, withoutShapes, withUnknownOp } from './support/graphs.ts';

const predictor = createPredictor(cortexA76);

describe('a report', () => {
  const graph = graphOf(smallNetwork, 'small');
  const report = predictor.predictGraph(graph);

  test('names the model and where the figures come from', () => {
    expect(report).toMatchObject({
      model: 'small',
      predictor: 'cortexA76cpu_tflite21',
      version: cortexA76.version,
    });
  });

  test('has every node once, in kernels with their shapes', () => {
    expect(report.kernels.flatMap(({ nodes }) => nodes).sort()).toEqual(
      ['conv', 'dense', 'flatten', 'relu'].sort(),
    );
    expect(report.kernels[0]).toMatchObject({
      type: 'conv-relu',
      nodes: ['conv', 'relu'],
      input: [1, 56, 56, 32],
      output: [1, 56, 56, 32],
    });
  });

  test('its total is the sum of its kernels and a constant of the device', () => {
    const empty = createGraph({ name: 'empty', nodes: [], tensors: [], inputs: [], outputs: [] });
    const constant = predictor.predictGraph(empty).latencyMs;
    const sum = report.kernels.reduce((total, { latencyMs }) => total + latencyMs, constant);
    expect(report.latencyMs).toBeCloseTo(sum, 9);
    expect(report.latencyMs).toBeGreaterThan(0);
  });

  test('gives the same total as the quick way', () => {
    expect(predictor.totalMs(graph)).toBe(report.latencyMs);
  });

  test('is JSON as it is', () => {
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  test('shows image shapes with channels last, whatever the model has', () => {
    const image = { kind: 'input', dataType: 'float32', layout: 'NCHW' } as const;
    const channelsFirst = createGraph({
      name: 'relu',
      nodes: [
        {
          name: 'relu',
          op: 'relu',
          attributes: {},
          inputs: ['x'],
          outputs: ['y'],
          sourceOp: 'Relu',
        },
      ],
      tensors: [
        { ...image, name: 'x', shape: [1, 64, 28, 14] },
        { ...image, name: 'y', shape: [1, 64, 28, 14], kind: 'activation' },
      ],
      inputs: ['x'],
      outputs: ['y'],
    });
    expect(predictor.predictGraph(channelsFirst).kernels[0]).toMatchObject({
      input: [1, 28, 14, 64],
      output: [1, 28, 14, 64],
    });
  });
});

describe('what is not known is said', () => {
  test('an operation that nobody knows is estimated, named, and lowers coverage', () => {
    const report = predictor.predictGraph(graphOf(withUnknownOp));
    const kernel = report.kernels.find(({ nodes }) => nodes.includes('wavelet'));
    expect(kernel?.basis).toBe('estimated');
    expect(kernel?.latencyMs).toBeGreaterThan(0);
    expect(report.warnings.join()).toMatch(/unknown operations.*"wavelet" \(Wavelet\)/);
    expect(report.coverage.nodes).toBeLessThan(1);
    expect(report.coverage.macs).toBeLessThan(1);
  });

  test('a variant of a measured kernel is called by what sets it apart', () => {
    const warningsOf = (options: ConvOptions, batch = 1): string => {
      const builder = new GraphBuilder('variant');
      const image = builder.input('image', [batch, 32, 28, 28]);
      const features = builder.relu(builder.conv(image, 32, { kernel: 3, padding: 1, ...options }));
      const pooled = builder.flatten(builder.gap(features));
      return predictor.predictGraph(builder.build(builder.fc(pooled, 10))).warnings.join();
    };
    expect(warningsOf({})).toBe('');
    expect(warningsOf({ groups: 4 })).toMatch(/estimated: conv-relu \(grouped\)$/);
    expect(warningsOf({ dilation: 2 })).toMatch(/estimated: conv-relu \(dilated\)$/);
    expect(warningsOf({}, 4)).toMatch(/estimated: fc \(of several rows\)$/);
  });

  test('a node without shapes is named and lowers coverage', () => {
    const report = predictor.predictGraph(graphOf(withoutShapes));
    expect(report.warnings.join()).toMatch(/not counted.*"mystery" \(Mystery\)/);
    expect(report.coverage.nodes).toBeLessThan(1);
    expect(report.coverage.macs).toBeLessThan(1);
  });

  test.each([
    [
      'an input',
      'Relu',
      undefined,
      /the shape of input "input" is unknown; .*inputShapes: \{ 'input': \[1/,
    ],
    ['an unknown op', 'Mystery', [1, 8, 8, 4], /the result of "first" \(Mystery\) is unknown/],
  ])('a model without any shapes because of %s is refused', (_, type, shape, message) => {
    const graph = graphOf({
      input: {
        outbounds: ['first'],
        attr: { type: 'Placeholder', output_shape: shape && [shape] },
      },
      first: { inbounds: ['input'], outbounds: ['last'], attr: { type } },
      last: { inbounds: ['first'], attr: { type: 'Relu' } },
    });
    const refusal = expect.objectContaining({
      code: 'E_MISSING_DIMENSION',
      message: expect.stringMatching(message),
    });
    expect(() => predictor.predictGraph(graph)).toThrow(refusal);
    expect(() => predictor.totalMs(graph)).toThrow(refusal);
  });

  test('a model without operations is called one', () => {
    const graph = createGraph({ name: 'empty', nodes: [], tensors: [], inputs: [], outputs: [] });
    const report = predictor.predictGraph(graph);
    expect(report.kernels).toEqual([]);
    expect(report.warnings).toContain('the model has no operations');
  });
});

describe('absurd extents', () => {
  test.each<[string, number[], ConvOptions]>([
    ['a huge image', [1, 3, 1e7, 1e7], { padding: 1 }],
    ['a huge batch', [1e13, 3, 8, 8], { padding: 1 }],
    ['nearly 2^53 elements in a row', [1, 1, 1, 8e15], { kernel: [1, 3] }],
    ['millions of zeros around', [1, 3, 64, 64], { padding: 4e7 }],
    ['a huge window', [1, 3, 1e6, 1e6], { kernel: 1e6 - 1 }],
    ['huge steps', [1, 3, 64, 64], { stride: 2 ** 40 }],
  ])('%s: every figure is finite and positive', async (_, shape, options) => {
    const builder = new GraphBuilder('absurd');
    const image = builder.input('x', shape);
    const graph = builder.build(builder.relu(builder.conv(image, 1, { kernel: 3, ...options })));
    for (const name of ['cortexa76', 'adreno640', 'myriad']) {
      const report = (await loadLatencyPredictor(name)).predictGraph(graph);
      const { low, high } = report.interval!;
      for (const ms of [report.latencyMs, low, high, report.kernels[0]!.latencyMs]) {
        expect(ms).toBeGreaterThan(0);
        expect(ms).toBeLessThan(Infinity);
      }
    }
  });

  test('over 2^53 elements are refused', () => {
    const builder = new GraphBuilder('absurd');
    const image = builder.input('x', [1, 1, 1e9, 1e9]);
    expect(() => builder.build(builder.relu(image))).toThrow(/more than 2\^53 elements/);
  });
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['a definition without weights', { ...cortexA76, weights: undefined }],
  ['a definition whose aliases are a text', { ...cortexA76, aliases: 'a76' }],
])('%s is no predictor', (_, definition) => {
  expect(() => createPredictor(definition as PredictorDefinition)).toThrow(
    expect.objectContaining({ code: 'E_INVALID_INPUT' }),
  );
});

test.each([
  ['no base64', '%%%', /not valid base64/],
  ['cut', cortexA76.weights.slice(0, 4000), /have 3000 bytes, their header says \d+/],
  [
    'changed',
    `${cortexA76.weights.slice(0, 4000)}AAAA${cortexA76.weights.slice(4004)}`,
    /checksum/,
  ],
  ['something else', 'aGVsbG8gaGVsbG8gaGVsbG8gaGVsbG8=', /do not start with the header/],
])('weights that are %s are refused, with the predictor they are of', (_, weights, message) => {
  const create = () => createPredictor({ ...cortexA76, weights });
  expect(create).toThrow(expect.objectContaining({ code: 'E_WEIGHTS' }));
  expect(create).toThrow(message);
  expect(create).toThrow(/^predictor cortexA76cpu_tflite21 /);
});
