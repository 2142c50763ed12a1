import { describe, expect, test } from '@jest/globals';
import { inferOnnxShapes, readOnnx } from '@nnmeter/frontend-onnx';
import { graphCost } from '@nnmeter/ir';
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

describe('sizes that only data decide', () => {
  const read = (
    nodes: Parameters<typeof network>[0],
    more: Parameters<typeof network>[2] = {},
    assume: Readonly<Record<string, number>> = {},
  ) => readOnnx(network(nodes, [30, 40], more), { assume });

  /** Boxes of 3 classes, at most 60 of one image, and what they are. */
  const suppression = (assume: Readonly<Record<string, number>>) =>
    readOnnx(
      encode(
        model({
          node: [
            node('NonMaxSuppression', ['boxes', 'scores', 'most'], ['selected']),
            node('Gather', ['selected', 'last'], ['index'], [int('axis', 1)]),
            node('Squeeze', ['index', 'one'], ['flat']),
            node('Gather', ['boxes', 'flat'], ['y'], [int('axis', 1)]),
          ],
          input: [value('boxes', [1, 100, 4]), value('scores', [1, 3, 100])],
          output: [{ name: 'y' }],
          initializer: [vector('most', [20]), vector('last', [2]), vector('one', [1])],
        }),
      ),
      { assume },
    );

  test.each([
    [{}, 60],
    [{ nonmaxsuppression: 7 }, 7],
  ])(
    'non-maximum suppression with %j: %i boxes, never more than the node allows',
    (assume, kept) => {
      const graph = suppression(assume);
      expect(graph.tensor('selected')).toMatchObject({ shape: [kept, 3], dataType: 'int64' });
      expect(graph.tensor('y').shape).toEqual([1, kept, 4]);
      expect(graph.warnings).toEqual([
        `sizes that depend on data are assumed: nonmaxsuppression=${kept} (1 node)`,
      ]);
    },
  );

  test('every node that needs an assumption counts, also where two are alike', () => {
    const nodes = [
      node('NonZero', ['x'], ['found']),
      node('NonZero', ['x'], ['again']),
      node('Transpose', ['found'], ['positions']),
      node('Add', ['found', 'again'], ['y']),
    ];
    const output = [{ name: 'y' }, { name: 'positions' }];
    const graph = read(nodes, { output }, { nonzero: 300 });
    expect(graph.tensor('positions').shape).toEqual([300, 2]);
    expect(graph.tensor('y').shape).toEqual([2, 300]);
    expect(graph.warnings).toEqual([
      'sizes that depend on data are assumed: nonzero=300 (2 nodes)',
    ]);
  });

  test('what the file states of a result is no assumption', () => {
    const nodes = [node('NonZero', ['x'], ['y'])];
    const graph = read(nodes, { output: [value('y', [2, 17])] });
    expect(graph.tensor('y').shape).toEqual([2, 17]);
    expect(graph.warnings).toEqual([]);
  });

  /** A number that is computed: the sum of the input as an integer, as a scalar and as a list of one. */
  const count = [
    node('ReduceSum', ['x'], ['sum'], [int('keepdims', 0)]),
    node('Cast', ['sum'], ['count'], [int('to', 7)]),
    node('Reshape', ['count', 'one'], ['counts']),
    node('ReduceMax', ['x', 'one'], ['columns'], [int('keepdims', 0)]),
    node('Cast', ['columns'], ['mask'], [int('to', 9)]),
  ];
  const initializer = [
    vector('one', [1]),
    vector('none', [0]),
    scalar('zero', 0),
    scalar('single', 1),
  ];

  test.each([
    ['Unique', ['x'], [], [100], 'unique=100'],
    ['Unique', ['x'], [int('axis', 1)], [30, 40], 'unique=40'],
    ['Compress', ['x', 'mask'], [int('axis', 0)], [30, 40], 'compress=30'],
    ['Compress', ['x', 'mask'], [], [100], 'compress=100'],
    ['TopK', ['x', 'counts'], [int('axis', 1)], [30, 40], 'topk=40'],
    ['Slice', ['x', 'none', 'counts', 'one'], [], [30, 40], 'topk=40'],
    ['Slice', ['x', 'counts', 'one'], [], [30, 40], 'topk=30'],
    ['Range', ['zero', 'count', 'single'], [], [100], 'topk=100'],
    ['ConstantOfShape', ['counts'], [], [100], 'topk=100'],
    ['Expand', ['single', 'counts'], [], [100], 'topk=100'],
  ])('%s of %j', (op, inputs, attributes, shape, assumed) => {
    const graph = read([...count, node(op, inputs, ['y'], attributes)], { initializer });
    expect(graph.tensor('y').shape).toEqual(shape);
    expect(graph.warnings).toContain(`sizes that depend on data are assumed: ${assumed} (1 node)`);
  });

  test('a list keeps its elements, however its length is computed', () => {
    const graph = read([...count, node('Reshape', ['x', 'counts'], ['y'])], { initializer });
    expect(graph.tensor('y').shape).toEqual([1200]);
  });

  /** Lists of which some elements are computed: `?` stands for the count. */
  const listed = (name: string, ...elements: readonly (number | '?')[]) => [
    ...elements.map((element, index) =>
      element === '?'
        ? node('Reshape', ['count', 'one'], [`${name}${index}`])
        : node('Constant', [], [`${name}${index}`], [ints('value_ints', [element])]),
    ),
    node(
      'Concat',
      [...elements.keys()].map((index) => `${name}${index}`),
      [name],
      [int('axis', 0)],
    ),
  ];
  const sum = count.slice(0, 2);

  test.each([
    ['Reshape', ['x', 'list'], ['?', 20], [60, 20], undefined],
    ['Reshape', ['x', 'list'], ['?', -1, 8], [30, 5, 8], undefined],
    ['Reshape', ['x', 'list'], ['?', 0], [30, 40], undefined],
    ['Expand', ['row', 'list'], ['?', 3], [100, 3], 'topk=100'],
    ['Expand', ['x', 'list'], [7, '?', '?'], [7, 30, 40], undefined],
    ['Tile', ['row', 'list'], ['?', 3], [100, 3], 'topk=100'],
    ['Tile', ['x', 'list'], [2, '?'], [60, 40], undefined],
    ['ConstantOfShape', ['list'], [3, '?'], [3, 100], 'topk=100'],
    ['Resize', ['image', '', '', 'list'], [1, 2, '?', 9], [1, 2, 100, 9], 'side=100'],
    ['Resize', ['image', '', '', 'list'], ['?', '?', '?', '?'], [1, 2, 100, 100], 'side=100'],
    ['Pad', ['x', 'list'], [0, '?', 0, 5], [30, 100], 'side=100'],
    ['Pad', ['x', 'list'], [1, '?', 2, '?'], [33, 100], 'side=100'],
    ['Slice', ['x', 'zeros', 'list'], [7, '?'], [7, 40], 'topk=40'],
  ] as const)('%s of %j, of which the list is %j: %j', (op, inputs, list, shape, assumed) => {
    const initial = [
      vector('one', [1]),
      vector('zeros', [0, 0]),
      { name: 'row', dataType: 1, dims: [1, 1], floatData: [1] },
      { name: 'image', dataType: 1, dims: [1, 2, 4, 4], floatData: new Array(32).fill(1) },
    ];
    const nodes = [...sum, ...listed('list', ...list), node(op, [...inputs], ['y'])];
    const graph = read(nodes, { initializer: initial });
    expect(graph.tensor('y').shape).toEqual(shape);
    const expected = assumed && `sizes that depend on data are assumed: ${assumed} (1 node)`;
    expect(graph.warnings.filter((text) => text.includes('assumed'))).toEqual(
      expected === undefined ? [] : [expected],
    );
  });

  test('what is known of a list survives arithmetic on it', () => {
    const nodes = [
      ...sum,
      ...listed('list', '?', 5, 2),
      node('Mul', ['list', 'twice'], ['more']),
      node('Slice', ['more', 'one', 'end'], ['last']),
      node('Reshape', ['x', 'last'], ['y']),
    ];
    const initial = [vector('one', [1]), vector('end', [3]), vector('twice', [2, 8, 15])];
    const graph = read(nodes, { initializer: initial });
    expect(graph.tensor('y').shape).toEqual([40, 30]);
  });

  test('parts of a split whose sizes are computed share what is left', () => {
    const nodes = [
      ...sum,
      ...listed('sizes', 10, '?', '?'),
      node('Split', ['x', 'sizes'], ['a', 'b', 'c'], [int('axis', 1)]),
    ];
    const output = ['a', 'b', 'c'].map((name) => ({ name }));
    const graph = read(nodes, { initializer: [vector('one', [1])], output });
    const widths = ['a', 'b', 'c'].map((name) => graph.tensor(name).shape![1]);
    expect(widths).toEqual([10, 15, 15]);
    expect(graph.warnings[0]).toMatch(/^node "Split a" \(Split\): the sizes of its parts/);
  });

  test('nodes that look for different numbers in one tensor find its elements together', () => {
    const find = (level: number) => [
      node('Equal', ['levels', `level${level}`], [`is${level}`]),
      node('NonZero', [`is${level}`], [`found${level}`]),
    ];
    const nodes = [
      node('Cast', ['x'], ['levels'], [int('to', 7)]),
      ...[1, 2, 3].flatMap(find),
      node('NonZero', ['x'], ['others']),
    ];
    const output = ['found1', 'found2', 'found3', 'others'].map((name) => ({ name }));
    const more = { output, initializer: [1, 2, 3].map((level) => scalar(`level${level}`, level)) };
    const graph = read(nodes, more, { nonzero: 900 });
    expect(output.map(({ name }) => graph.tensor(name).shape![1])).toEqual([400, 400, 400, 900]);
  });

  test('of computed sides into which the elements do not go nothing is assumed', () => {
    const nodes = [...sum, ...listed('list', '?', '?', 7), node('Reshape', ['x', 'list'], ['y'])];
    const graph = read(nodes, { initializer: [vector('one', [1])] });
    expect(graph.tensor('y').shape).toBeUndefined();
    expect(graph.warnings[0]).toBe(
      'node "Reshape y" (Reshape): the values of "list" are computed from data, so its output has no shape',
    );
  });

  test('what does not fit an assumption has no shape; it is no error of the model', () => {
    const nodes = [
      node('NonZero', ['x'], ['found']),
      node('Compress', ['x', 'mask'], ['kept']),
      node('Add', ['found', 'kept'], ['y']),
    ];
    const more = { initializer };
    const graph = read([...count, ...nodes], more, { compress: 50 });
    expect(graph.tensor('kept').shape).toEqual([50]);
    expect(graph.tensor('y').shape).toBeUndefined();
    expect(graph.warnings[0]).toMatch(/^node "Add y" \(Add\): .*\(some sizes are assumed\)/);
    expect(read([...count, ...nodes], more).tensor('y').shape).toEqual([2, 100]);
  });

  test('names are checked before anything is read', () => {
    expect(() => read([node('NonZero', ['x'], ['y'])], {}, { boxes: 3 })).toThrow(
      /nothing is assumed of "boxes"; sizes can be given for nonzero, /,
    );
  });
});

test('a detector of two stages is counted to the end, for the boxes that are assumed', () => {
  const bytes = fixture('tiny_detector');
  const graph = readOnnx(bytes, { assume: { nonzero: 200, nonmaxsuppression: 50 } });
  // Convolutions on a map of 16 x 16; of each box 7 x 7 samples of 16 channels go through two dense layers.
  const perBox = 7 * 7 * 16 * 32 + 32 * 5;
  const map = 16 * 16 * (3 * 9 * 16 + 16 * 4 + 16);
  expect(graphCost(graph)).toMatchObject({ macs: map + 50 * perBox, unknownNodes: [] });
  expect(graphCost(readOnnx(bytes)).macs).toBe(map + 100 * perBox);
  expect(graph.nodes.find(({ op }) => op === 'roialign')?.attributes).toEqual({
    ...{ mode: 'avg', height: 7, width: 7, samples: 2, scale: 0.25 },
  });
});

test('the longer branch is counted where the condition is computed', () => {
  const branch = (ops: readonly string[]): GraphFields => ({
    node: ops.map((op, index) => node(op, [index === 0 ? 'x' : `t${index}`], [`t${index + 1}`])),
    output: [{ name: `t${ops.length}` }],
  });
  const choice = (then: readonly string[], otherwise: readonly string[]) =>
    readOnnx(
      network(
        [
          node('ReduceMax', ['x'], ['most'], [int('keepdims', 0)]),
          node('Cast', ['most'], ['condition'], [int('to', 9)]),
          node(
            'If',
            ['condition'],
            ['y'],
            [
              { name: 'then_branch', type: 5, g: branch(then) },
              { name: 'else_branch', type: 5, g: branch(otherwise) },
            ],
          ),
        ],
        [2, 3],
      ),
    );
  const ops = (graph: ReturnType<typeof choice>) => graph.nodes.slice(-2).map(({ op }) => op);
  expect(ops(choice(['Exp', 'Relu'], ['Sigmoid']))).toEqual(['exp', 'relu']);
  const graph = choice(['Sigmoid'], ['Exp', 'Relu']);
  expect(ops(graph)).toEqual(['exp', 'relu']);
  expect(graph.warnings).toEqual([
    'node "If y" (If): its condition depends on data; the branch of more nodes is counted',
    '2 node(s) that no output depends on are left out',
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

  test('every trip is a copy of the body, and what it collects a tensor', () => {
    const graph = readOnnx(loop(node('Exp', ['state'], ['next'])));
    const trip = ['exp', 'relu'];
    expect(graph.nodes.map(({ op }) => op)).toEqual([...new Array(7).fill(trip).flat(), 'concat']);
    expect(graph.warnings).toEqual([]);
  });

  test('what grows by two rows a trip', () => {
    const growing = node('Concat', ['state', 'x'], ['next'], [int('axis', 0)]);
    const shapes = inferOnnxShapes(loop(growing));
    expect(shapes.get('y')).toEqual([16, 3]);
    expect(shapes.has('all')).toBe(false);
  });

  /** Goes on while the most of the state is not zero. */
  const whileLoop = (trips: string, assume: Readonly<Record<string, number>>) => {
    const fields: GraphFields = {
      node: [
        node('Exp', ['state'], ['next']),
        node('ReduceMax', ['next'], ['most'], [int('keepdims', 0)]),
        node('Cast', ['most'], ['go_on'], [int('to', 9)]),
      ],
      input: [value('i', []), value('go', []), value('state')],
      output: [{ name: 'go_on' }, { name: 'next' }],
    };
    const nodes = [
      node('Loop', [trips, 'true', 'x'], ['y'], [{ name: 'body', type: 5, g: fields }]),
    ];
    return readOnnx(network(nodes, [2, 3], { initializer: [scalar('trips', 7), boolean] }), {
      assume,
    });
  };

  test.each([
    ['', {}, 1],
    ['', { loop: 5 }, 5],
    ['trips', { loop: 50 }, 7],
  ])('while data say so, at most %j, with %j: %i trips', (trips, assume, made) => {
    const graph = whileLoop(trips, assume);
    // The file says that it goes on once.
    expect(graph.nodes.filter(({ op, isAssumed }) => op === 'exp' && isAssumed)).toHaveLength(
      made - 1,
    );
    expect(graph.warnings[0]).toBe(`sizes that depend on data are assumed: loop=${made} (1 node)`);
  });

  test('too many trips to write out are not counted, which is said', () => {
    const fields = body(node('Exp', ['state'], ['next']));
    const nodes = [
      node('Loop', ['', '', 'x'], ['y', 'all'], [{ name: 'body', type: 5, g: fields }]),
    ];
    const graph = readOnnx(network(nodes, [2, 3], { initializer: [boolean] }));
    expect(graph.tensor('y').shape).toBeUndefined();
    expect(graph.warnings[0]).toMatch(/\(Loop\): its trips are more than 100,000 nodes/);
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
    const bytes = network(nodes, [2, 9, 4], { output: [{ name: 'y' }, { name: 'all' }] });
    const shapes = inferOnnxShapes(bytes);
    expect(shapes.get('y')).toEqual([2, 4]);
    expect(shapes.get('all')).toEqual([2, 9, 4]);
    const graph = readOnnx(bytes);
    const trip = ['add', 'exp'];
    const ops = ['reducemax', 'split', ...new Array(9).fill(trip).flat(), 'concat'];
    expect(graph.nodes.map(({ op }) => op)).toEqual(ops);
    expect(graph.warnings).toEqual([]);
  });

  test.each([
    [0, 0, [1, 3, 6, 10]],
    [1, 0, [4, 7, 9, 10]],
    [1, 1, [10, 9, 7, 4]],
  ])('a scan of constants in the directions %i and %i', (input, output, sums) => {
    const scanBody: GraphFields = {
      node: [node('Add', ['state', 'slice'], ['next']), node('Identity', ['next'], ['collected'])],
      input: [value('state'), value('slice')],
      output: [{ name: 'next' }, { name: 'collected' }],
    };
    const attributes = [
      int('num_scan_inputs', 1),
      ints('scan_input_directions', [input]),
      ints('scan_output_directions', [output]),
      { name: 'body', type: 5, g: scanBody },
    ];
    const nodes = [
      node('Scan', ['start', 'list'], ['last', 'sums'], attributes),
      node('Expand', ['x', 'sums'], ['y']),
    ];
    const initializer = [scalar('start', 0), vector('list', [1, 2, 3, 4])];
    const graph = readOnnx(network(nodes, [1], { initializer }));
    expect(graph.tensor('y').shape).toEqual(sums);
  });
});

test('recurrent layers say their size and directions', () => {
  const graph = readOnnx(fixture('dynamic_lstm'), { inputShapes: [3, 17] });
  const lstm = graph.nodes.find(({ op }) => op === 'lstm')!;
  expect(lstm.attributes).toEqual({ hiddenSize: 16, directions: 2 });
  expect(graph.tensor(lstm.outputs[0]!).shape).toEqual([17, 2, 3, 16]);
});
