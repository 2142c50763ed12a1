import { describe, expect, test } from '@jest/globals';
import { inferOnnxShapes, readOnnx } from '@nnmeter/frontend-onnx';
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
} from './support/onnx-model.ts';

const scalar = (name: string, count: number) => ({
  name,
  dataType: 7,
  dims: [],
  int64Data: [count],
});

test('non-maximum suppression: as many boxes as there can be, with a warning; what follows has shapes', () => {
  const nodes = [
    node('NonMaxSuppression', ['boxes', 'scores', 'most'], ['selected']),
    node('Gather', ['selected', 'last'], ['index'], [int('axis', 1)]),
    node('Squeeze', ['index', 'one'], ['flat']),
    node('Gather', ['boxes', 'flat'], ['y'], [int('axis', 1)]),
  ];
  const graph = readOnnx(
    encode(
      model({
        node: nodes,
        input: [value('boxes', [1, 100, 4]), value('scores', [1, 3, 100])],
        output: [{ name: 'y' }],
        initializer: [vector('most', [20]), vector('last', [2]), vector('one', [1])],
      }),
    ),
  );
  expect(graph.tensor('selected')).toMatchObject({ shape: [60, 3], dataType: 'int64' });
  expect(graph.tensor('y').shape).toEqual([1, 60, 4]);
  expect(graph.warnings).toEqual([
    'node "NonMaxSuppression selected" (NonMaxSuppression): how many boxes it selects depends on data; the most there can be, 60, are assumed',
  ]);
});

test('what depends on data has no shape, and the first cause is named', () => {
  const nodes = [
    node('NonZero', ['x'], ['found']),
    node('Transpose', ['found'], ['positions']),
    node('Relu', ['x'], ['y']),
  ];
  const graph = readOnnx(
    network(nodes, [3, 4], { output: [{ name: 'y' }, { name: 'positions' }] }),
  );
  expect(graph.tensor('y').shape).toEqual([3, 4]);
  expect(graph.tensor('positions').shape).toBeUndefined();
  expect(graph.warnings).toEqual([
    'node "NonZero found" (NonZero): the values of "x" are computed from data, so its output has no shape',
    '2 of 3 nodes have no output shape',
  ]);
});

test('pads that are clipped, as SAME padding is exported', () => {
  const nodes = [
    node('Shape', ['x'], ['shape']),
    node('Gather', ['shape', 'axes'], ['sides']),
    node('Mod', ['sides', 'two'], ['rest']),
    node('Sub', ['three', 'rest'], ['missing']),
    node('Clip', ['missing', 'zero'], ['total']),
    node('Div', ['total', 'two'], ['begin']),
    node('Sub', ['total', 'begin'], ['end']),
    node('Concat', ['none', 'begin', 'none', 'end'], ['pads'], [int('axis', 0)]),
    node('Pad', ['x', 'pads'], ['y']),
  ];
  const initializer = [
    vector('axes', [2, 3]),
    scalar('two', 2),
    scalar('three', 3),
    scalar('zero', 0),
    vector('none', [0, 0]),
  ];
  const graph = readOnnx(network(nodes, [1, 3, 7, 8], { initializer }));
  expect(graph.nodes.map(({ op }) => op)).toEqual(['pad']);
  expect(graph.nodes[0]!.attributes).toMatchObject({ pads: [0, 0, 1, 1, 0, 0, 1, 2] });
  expect(graph.tensor('y').shape).toEqual([1, 3, 9, 11]);
});

describe('sequences are followed element by element', () => {
  test('a split into a sequence, of which one element is used', () => {
    const nodes = [
      node('SplitToSequence', ['x', 'sizes'], ['parts'], [int('axis', 1)]),
      node('SequenceAt', ['parts', 'position'], ['part']),
      node('Relu', ['part'], ['y']),
    ];
    const initializer = [vector('sizes', [2, 6]), scalar('position', -1)];
    const graph = readOnnx(network(nodes, [1, 8, 4, 4], { initializer }));
    expect(graph.nodes.map(({ op, inputs, outputs }) => [op, inputs, outputs])).toEqual([
      ['split', ['x'], ['parts[0]', 'parts[1]']],
      ['relu', ['parts[1]'], ['y']],
    ]);
    expect(graph.tensor('y').shape).toEqual([1, 6, 4, 4]);
  });

  test('a sequence that is built and joined', () => {
    const nodes = [
      node('Exp', ['x'], ['e']),
      node('SequenceConstruct', ['x', 'e'], ['pair']),
      node('SequenceInsert', ['pair', 'x'], ['three']),
      node('ConcatFromSequence', ['three'], ['y'], [int('axis', 0), int('new_axis', 1)]),
    ];
    const graph = readOnnx(network(nodes, [2, 5]));
    expect(graph.nodes.map(({ op, inputs }) => [op, inputs])).toEqual([
      ['exp', ['x']],
      ['concat', ['x', 'e', 'x']],
    ]);
    expect(graph.tensor('y').shape).toEqual([3, 2, 5]);
  });
});

describe('loops', () => {
  const boolean = { name: 'true', dataType: 9, dims: [], int32Data: [1] };
  const body = (step: ReturnType<typeof node>): GraphFields => ({
    node: [node('Identity', ['go'], ['go_on']), step, node('Relu', ['state'], ['collected'])],
    input: [value('i', []), value('go', []), value('state')],
    output: [{ name: 'go_on' }, { name: 'next' }, { name: 'collected' }],
  });
  const loop = (step: ReturnType<typeof node>): Uint8Array =>
    network(
      [
        node(
          'Loop',
          ['trips', 'true', 'x'],
          ['y', 'all'],
          [{ name: 'body', type: 5, g: body(step) }],
        ),
      ],
      [2, 3],
      { initializer: [scalar('trips', 7), boolean], output: [{ name: 'y' }, { name: 'all' }] },
    );

  test('what is carried and what is collected, if shapes stay', () => {
    const shapes = inferOnnxShapes(loop(node('Exp', ['state'], ['next'])));
    expect(shapes.get('y')).toEqual([2, 3]);
    expect(shapes.get('all')).toEqual([7, 2, 3]);
  });

  test('nothing, if they grow', () => {
    const growing = node('Concat', ['state', 'x'], ['next'], [int('axis', 0)]);
    const shapes = inferOnnxShapes(loop(growing));
    expect(shapes.has('y')).toBe(false);
    expect(shapes.has('all')).toBe(false);
  });

  test('a scan over the second axis', () => {
    const scanBody: GraphFields = {
      node: [node('Add', ['state', 'slice'], ['next']), node('Exp', ['next'], ['collected'])],
      input: [value('state'), value('slice')],
      output: [{ name: 'next' }, { name: 'collected' }],
    };
    const attributes = [
      int('num_scan_inputs', 1),
      ints('scan_input_axes', [1]),
      ints('scan_output_axes', [1]),
      { name: 'body', type: 5, g: scanBody },
    ];
    const nodes = [
      node('ReduceMax', ['x'], ['start'], [ints('axes', [1]), int('keepdims', 0)]),
      node('Scan', ['start', 'x'], ['y', 'all'], attributes),
    ];
    const shapes = inferOnnxShapes(
      network(nodes, [2, 9, 4], { output: [{ name: 'y' }, { name: 'all' }] }),
    );
    expect(shapes.get('y')).toEqual([2, 4]);
    expect(shapes.get('all')).toEqual([2, 9, 4]);
  });
});

test('recurrent layers say their size and directions', () => {
  const graph = readOnnx(fixture('dynamic_lstm'), { inputShapes: [3, 17] });
  const lstm = graph.nodes.find(({ op }) => op === 'lstm')!;
  expect(lstm.attributes).toEqual({ hiddenSize: 16, directions: 2 });
  expect(graph.tensor(lstm.outputs[0]!).shape).toEqual([17, 2, 3, 16]);
});
