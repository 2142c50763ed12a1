import { describe, expect, test } from '@jest/globals';
import { createGraph, GraphBuilder } from '@nnmeter/ir';
import { createPredictor, describeUncounted, requireComplete } from '@nnmeter/predictor';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import { renderPrediction } from '@nnmeter/report';
import { chain, graphOf } from './support/graphs.ts';

const predictor = createPredictor(cortexA76);
const image = [1, 56, 56, 32];
const convolution = {
  type: 'Conv2D',
  in: image,
  out: image,
  attr: { kernel_shape: [3, 3], weight_shape: [3, 3, 32, 32], strides: [1, 1], pads: [1, 1, 1, 1] },
};
const mystery = { type: 'RoiAlign', in: image };

/** A convolution, and behind an op whose result nobody knows what a detection network has there. */
const detector = graphOf(
  chain({
    convolution,
    pooled: mystery,
    box: { type: 'MatMul', in: [], attr: { weight_shape: [1024, 91] } },
    scores: { type: 'Relu', in: [] },
  }),
);

describe('a model of unknown shapes from some node on', () => {
  const report = predictor.predictGraph(detector);

  test('is not complete, and has no interval', () => {
    expect(report).toMatchObject({
      complete: false,
      interval: null,
      uncounted: { nodes: 3, macs: null, ops: ['MatMul', 'Relu', 'RoiAlign'] },
    });
    expect(report.kernels.filter(({ basis }) => basis === 'uncounted').map((k) => k.nodes)).toEqual(
      [['pooled'], ['box', 'scores']],
    );
  });

  test('says so in its first line', async () => {
    const style = { json: false, several: false, top: 5, colored: false, width: 100 };
    const { texts } = await renderPrediction('m.onnx', 'onnx', [report], style);
    const [first, ...rest] = texts.join('').split('\n');
    expect(first).toMatch(
      /^\(nn-Meter\) \[RESULT\] predict latency for m.onnx: [\d.]+ ms INCOMPLETE: 3 nodes \(MatMul, Relu, RoiAlign\) of unknown MACs are not counted$/,
    );
    expect(rest.join('\n')).toMatch(/latency {3}over [\d.]+ ms {2}\(incomplete/);
    expect(rest.join('\n')).not.toMatch(/confidence/);
  });

  test('is refused where the whole is asked for', () => {
    expect(() => requireComplete(report)).toThrow(
      expect.objectContaining({
        code: 'E_INCOMPLETE',
        message: expect.stringMatching(/MatMul, Relu, RoiAlign.*shapes/),
      }),
    );
  });
});

test('what multiplies nothing may be missing; a warning names it', () => {
  const { nodes, tensors, outputs, inputs } = graphOf(chain({ convolution }));
  const relu = {
    name: 'relu',
    op: 'relu',
    attributes: {},
    inputs: ['y'],
    outputs: ['z'],
    sourceOp: 'Relu',
  } as const;
  const graph = createGraph({
    name: 'two inputs',
    nodes: [...nodes, relu],
    tensors: [
      ...tensors.values(),
      { name: 'y', kind: 'input', dataType: 'float32' },
      { name: 'z', kind: 'activation', dataType: 'float32' },
    ],
    inputs: [...inputs, 'y'],
    outputs: [...outputs, 'z'],
  });
  const report = predictor.predictGraph(graph);
  expect(report.uncounted).toMatchObject({ macs: 0, ops: ['Relu'] });
  expect(report.complete).toBe(true);
  expect(report.interval).not.toBeNull();
  expect(report.warnings.join()).toMatch(/not counted.*Relu/);
  expect(() => requireComplete(report)).not.toThrow();
});

test('a model that is counted to the end is complete', () => {
  const b = new GraphBuilder('whole');
  const x = b.conv(b.input('image', [1, 3, 32, 32]), 8, { kernel: 3 });
  const report = predictor.predictGraph(b.build(b.flatten(b.gap(x))));
  expect(report.uncounted).toEqual({ nodes: 0, macs: 0, ops: [] });
  expect(report.complete).toBe(true);
});

test('one node is spoken of as one', () => {
  const uncounted = { nodes: 1, macs: 2.5e6, ops: ['Conv'] };
  expect(describeUncounted({ uncounted })).toBe(
    '1 node (Conv) of 2.50 million MACs is not counted',
  );
});
