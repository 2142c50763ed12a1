import { describe, expect, test } from '@jest/globals';
import { type ConvOptions, createGraph, GraphBuilder } from '@nnmeter/ir';
import { createPredictor, type PredictorDefinition } from '@nnmeter/predictor';
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
    expect(predictor.estimateTotal(graph)).toBe(report.latencyMs);
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
      /the shape of input "input" is unknown; .*--input-shape input=1/,
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
    expect(() => predictor.estimateTotal(graph)).toThrow(refusal);
  });

  test('a model without operations is called one', () => {
    const graph = createGraph({ name: 'empty', nodes: [], tensors: [], inputs: [], outputs: [] });
    const report = predictor.predictGraph(graph);
    expect(report.kernels).toEqual([]);
    expect(report.warnings).toContain('the model has no operations');
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

test('weights that are not base64 are refused', () => {
  expect(() => createPredictor({ ...cortexA76, weights: '%%%' })).toThrow(
    expect.objectContaining({ code: 'E_WEIGHTS' }),
  );
});
