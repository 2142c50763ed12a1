import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readPt2 } from '@nnmeter/frontend-torch';
import { type Graph, graphCost, validateGraph } from '@nnmeter/ir';
import { archive, meta, node, program, symbol, tensor } from './support/program.ts';

const folder = join(import.meta.dirname, '../../../fixtures/pt2');
const fixture = (name: string) => join(folder, name);
const files = readdirSync(folder).filter((file) => file.endsWith('.pt2'));

const shapesOf = (graph: Graph) => graph.outputs.map((name) => graph.tensor(name).shape);
const opsOf = (graph: Graph) => graph.nodes.map(({ op }) => op);

describe('archives of torch 2.1 to 2.15 (fixtures/make-pt2-fixtures.py)', () => {
  // Our inference says of every node what PyTorch wrote into the file.
  test.each(files)('%s: all shapes are as PyTorch states them', async (file) => {
    const graph = await readPt2(fixture(file));
    expect(validateGraph(graph)).toEqual([]);
    expect(
      graph.warnings.filter((warning) => !/as at the export|depends? on data/.test(warning)),
    ).toEqual([]);
  });

  const networks = files.filter((file) => file.startsWith('net-'));

  // torch.utils.flop_counter of torch 2.1, 2.2 and 2.15 counts 2 x 8,585,792.
  test.each(networks)('%s: MACs as PyTorch counts them', async (file) => {
    expect(graphCost(await readPt2(fixture(file))).macs).toBe(8_585_792);
  });

  test('the parameters are those of the module', async () => {
    // sum(p.numel() for p in Net().parameters()), and mean and variance of two batch normalisations of 16 channels.
    const { parameters } = graphCost(await readPt2(fixture('net-2.15.pt2')));
    expect(parameters).toBe(12_978 + 2 * 2 * 16);
  });

  test('training ops of torch 2.4 to 2.15 are the same nodes', async () => {
    const [first, ...others] = await Promise.all(
      ['2.4', '2.6', '2.8', '2.15'].map((version) => readPt2(fixture(`net-${version}.pt2`))),
    );
    for (const other of others) expect(opsOf(other)).toEqual(opsOf(first!));
  });

  test('core aten is put together again', async () => {
    const training = await readPt2(fixture('net-2.15.pt2'));
    const core = await readPt2(fixture('net-2.15-core.pt2'));
    const work = (graph: Graph) =>
      graph.nodes
        .filter(({ op }) => ['conv', 'dwconv', 'fc', 'matmul', 'softmax', 'gap'].includes(op))
        .map(({ op, outputs }) => `${op} ${graph.tensor(outputs[0]!).shape}`);
    expect(work(core)).toEqual(work(training));
    expect(opsOf(core)).not.toContain('custom');
  });

  test('nodes are named after modules, each by its own name', async () => {
    for (const file of ['net-2.1.pt2', 'net-2.2.pt2', 'net-2.15.pt2']) {
      const { nodes } = await readPt2(fixture(file));
      const names = nodes.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      expect(names).toEqual(expect.arrayContaining(['stem.0', 'depthwise.1', 'head']));
    }
  });
});

// dynamic-2.15 is stored, mobilenet_v2 deflated; readFileSync gives small files as parts of a larger buffer.
test.each(['dynamic-2.15.pt2', 'mobilenet_v2.pt2'])('%s: by path, bytes and Blob', async (file) => {
  const bytes = readFileSync(fixture(file));
  const expected = opsOf(await readPt2(fixture(file)));
  const padded = new Uint8Array(bytes.length + 7);
  padded.set(bytes, 3);
  for (const input of [bytes, padded.subarray(3, -4), new Blob([bytes])]) {
    expect(opsOf(await readPt2(input))).toEqual(expected);
  }
});

describe('sizes', () => {
  test('symbolic ones are taken as at the export, with a warning', async () => {
    const graph = await readPt2(fixture('dynamic-2.15.pt2'));
    expect(shapesOf(graph)).toEqual([
      [2, 384, 4],
      [2, 8, 32, 48],
    ]);
    expect(graph.warnings.join()).toMatch(/"x" as \[2, 3, 32, 48\]/);
  });

  // As Dynamic() of fixtures/make-pt2-fixtures.py gives for torch.randn(4, 3, 64, 48).
  test.each(['dynamic-2.15.pt2', 'dynamic-2.8.pt2', 'dynamic-2.6.pt2'])(
    '%s: given shapes replace them',
    async (file) => {
      const graph = await readPt2(fixture(file), { inputShapes: [4, 3, 64, 48] });
      expect(shapesOf(graph)).toEqual([
        [4, 768, 4],
        [4, 8, 64, 48],
      ]);
      expect(graph.warnings).toEqual([]);
    },
  );

  test('fixed ones are inferred anew', async () => {
    const path = fixture('mobilenet_v2.pt2');
    const [small, batch] = await Promise.all(
      [
        [1, 3, 192, 192],
        [4, 3, 224, 224],
      ].map(async (inputShapes) => graphCost(await readPt2(path, { inputShapes })).macs),
    );
    // Sandler et al. 2018 and torchvision: 300.8 million for 224 x 224.
    expect(batch).toBe(4 * 300_774_272);
    expect(small).toBeGreaterThan(220e6);
    expect(small).toBeLessThan(222e6);
  });

  // As Net() of fixtures/make-pt2-fixtures.py gives for torch.randn(1, 3, 96, 96): 24 x 24 tokens.
  test('so are the reshapes of attention', async () => {
    const graph = await readPt2(fixture('net-2.15.pt2'), { inputShapes: [1, 3, 96, 96] });
    expect(shapesOf(graph)).toEqual([
      [1, 10],
      [1, 16, 96, 96],
    ]);
    const scores = graph.nodes.find(({ op }) => op === 'softmax')!;
    expect(graph.tensor(scores.outputs[0]!).shape).toEqual([1, 4, 576, 576]);
  });

  test('what a program fixes throughout is refused with what to do', async () => {
    const inputShapes = [2, 3, 64, 64];
    await expect(readPt2(fixture('net-2.15.pt2'), { inputShapes })).rejects.toMatchObject({
      code: 'E_SHAPE',
      hint: { text: expect.stringContaining('dynamic_shapes') },
    });
  });

  test.each([
    ['a size against its expression', [4, 3, 63, 48], /axis 2 of input "x".*Mul\(2, s85\)/],
    ['another rank', [4, 3, 64], /has 3 axes, the model's has 4/],
    ['an unknown name', { y: [1] }, /no input "y"/],
  ])('%s is refused', async (_, inputShapes, message) => {
    const path = fixture('dynamic-2.15.pt2');
    await expect(readPt2(path, { inputShapes: inputShapes as number[] })).rejects.toThrow(message);
  });

  test('two inputs that share a size have to agree', async () => {
    const size = symbol('s0', 2);
    const tensors = { x: meta(size, 4), y: meta(size, 4), sum: meta(size, 4) };
    const nodes = [node('add.Tensor', { self: tensor('x'), other: tensor('y') }, ['sum'])];
    const bytes = archive(program(tensors, nodes, ['sum']));
    const graph = await readPt2(bytes, { inputShapes: { x: [7, 4] } });
    expect(shapesOf(graph)).toEqual([[7, 4]]);
    const inputShapes = { x: [7, 4], y: [5, 4] };
    await expect(readPt2(bytes, { inputShapes })).rejects.toThrow(/"y" does not fit.*is 7/);
  });

  test.each([
    ["Mul(Integer(2), Symbol('s0', positive=True, integer=True))", 12],
    ["Add(Symbol('s0'), Mul(Integer(-1), Integer(2)))", 4],
    ["FloorDiv(Add(Symbol('s0'), Integer(3)), Integer(2))", 4],
    ["Max(Integer(1), Mod(Symbol('s0'), Integer(4)))", 2],
    ['2*s0 + 1', 13],
    ['(s0 - 1)//2 + 1', 3],
    ['-(-s0//4)', 2],
    ['s0**2 % 7', 1],
    ['ceiling(s0/4)', 2],
  ])('%s is %d for s0 = 6', async (expression, expected) => {
    const written = { as_expr: { expr_str: expression, hint: { as_int: 1 } } };
    const tensors = { x: meta(symbol('s0', 1)), y: meta(written) };
    const nodes = [node('thing', { self: tensor('x') }, ['y'])];
    const graph = await readPt2(archive(program(tensors, nodes, ['y'])), { inputShapes: [6] });
    expect(shapesOf(graph)).toEqual([[expected]]);
  });

  test('what depends on data is assumed, at most what there is', async () => {
    const found = symbol('u0', null);
    const tensors = { x: meta(8, 4), rows: meta(found, 2), y: meta(8, 4) };
    const nodes = [
      node('nonzero.default', { self: tensor('x') }, ['rows']),
      node('relu.default', { self: tensor('x') }, ['y']),
    ];
    const source = archive(program(tensors, nodes, ['rows', 'y']));
    const graph = await readPt2(source);
    expect(shapesOf(graph)).toEqual([
      [32, 2],
      [8, 4],
    ]);
    expect(opsOf(graph)).toEqual(['nonzero', 'relu']);
    expect(graph.warnings).toEqual(['sizes that depend on data are assumed: nonzero=32 (1 node)']);
    expect(shapesOf(await readPt2(source, { assume: { nonzero: 5 } }))[0]).toEqual([5, 2]);
  });

  test('every computed size is assumed once, whatever is made of it', async () => {
    const found = (text: string) => symbol(text, null);
    const twice = { as_expr: { expr_str: 'u1*2 + u0', hint: null } };
    const tensors = {
      x: meta(300, 4),
      scores: meta(300),
      mask: meta(300),
      kept: meta(found('u0')),
      rows: meta(found('u1'), 4),
      y: meta(twice, 4),
    };
    const nodes = [
      node('masked_select.default', { self: tensor('scores'), mask: tensor('mask') }, ['kept']),
      node('thing.default', { self: tensor('x') }, ['rows']),
      node('other.default', { self: tensor('rows') }, ['y']),
    ];
    const outputs = ['kept', 'rows', 'y'];
    const graph = await readPt2(archive(program(tensors, nodes, outputs)), {
      assume: { compress: 11, topk: 20 },
    });
    expect(shapesOf(graph)).toEqual([[11], [20, 4], [51, 4]]);
    expect(graph.warnings.at(-1)).toBe(
      'sizes that depend on data are assumed: compress=11 (1 node), topk=20 (1 node)',
    );
  });
});

describe('ops', () => {
  const weights = { p_w: meta(8, 4, 3, 3), p_b: meta(8) };

  test('arguments that are left out have their defaults', async () => {
    const tensors = { x: meta(1, 4, 9, 9), ...weights, y: meta(1, 8, 7, 7), z: meta(1, 8, 2, 2) };
    const nodes = [
      node('conv2d.default', { input: tensor('x'), weight: tensor('p_w') }, ['y']),
      node('max_pool2d.default', { self: tensor('y'), kernel_size: { as_ints: [3, 3] } }, ['z']),
    ];
    const graph = await readPt2(archive(program(tensors, nodes, ['z'])));
    expect(validateGraph(graph)).toEqual([]);
    expect(graph.nodes.map(({ attributes }) => attributes)).toMatchObject([
      { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 },
      { kernelShape: [3, 3], strides: [3, 3], dilations: [1, 1], ceilMode: false },
    ]);
  });

  test('padding by name', async () => {
    const tensors = { x: meta(1, 4, 9, 9), ...weights, y: meta(1, 8, 9, 9) };
    const args = {
      input: tensor('x'),
      weight: tensor('p_w'),
      bias: tensor('p_b'),
      padding: { as_string: 'same' },
    };
    const graph = await readPt2(
      archive(program(tensors, [node('conv2d.padding', args, ['y'])], ['y'])),
    );
    expect(graph.nodes[0]).toMatchObject({ op: 'conv', attributes: { pads: [1, 1, 1, 1] } });
  });

  test('an op outside the vocabulary is named, with the shapes of the program', async () => {
    const tensors = { x: meta(4, 4), y: meta(4, 9) };
    const nodes = [node('torch.ops.mine.fancy.default', { self: tensor('x') }, ['y'])];
    const graph = await readPt2(archive(program(tensors, nodes, ['y'])));
    expect(graph.nodes[0]).toMatchObject({ op: 'custom', sourceOp: 'mine::fancy' });
    expect(shapesOf(graph)).toEqual([[4, 9]]);
    expect(graph.warnings.join()).toMatch(/"y" \(mine::fancy\)/);
  });

  test('shapes that contradict arguments are told, and those of the program count', async () => {
    const tensors = { x: meta(4, 4), y: meta(4, 9) };
    const nodes = [node('relu.default', { self: tensor('x') }, ['y'])];
    const graph = await readPt2(archive(program(tensors, nodes, ['y'])));
    expect(graph.warnings.join()).toMatch(/"y" \(aten::relu\).*\[4, 9\].*\[4, 4\]/);
    expect(shapesOf(graph)).toEqual([[4, 9]]);
  });

  test('writing in place is work though nothing reads its result', async () => {
    const tensors = { x: meta(4), y: meta(4), unread: meta(4), dead: meta(4) };
    const nodes = [
      node('relu.default', { self: tensor('x') }, ['y']),
      node('add_.Tensor', { self: tensor('y'), other: { as_int: 3 } }, ['unread']),
      node('exp.default', { self: tensor('x') }, ['dead']),
    ];
    const graph = await readPt2(archive(program(tensors, nodes, ['y'])));
    expect(opsOf(graph)).toEqual(['relu', 'add']);
  });

  test('what is computed from weights alone is a constant', async () => {
    const tensors = { x: meta(2, 3), p_w: meta(5, 3), t: meta(3, 5), y: meta(2, 5) };
    const nodes = [
      node('t.default', { self: tensor('p_w') }, ['t']),
      node('mm.default', { self: tensor('x'), mat2: tensor('t') }, ['y']),
    ];
    const graph = await readPt2(archive(program(tensors, nodes, ['y'])));
    expect(opsOf(graph)).toEqual(['fc']);
    expect(graphCost(graph)).toMatchObject({ macs: 30, parameters: 15 });
  });

  test('a cell is one step of its layer: gates x hidden x (input + hidden) MACs', async () => {
    const weights = { p_w: meta(72, 32), p_r: meta(72, 24) };
    const tensors = { x: meta(1, 32), h: meta(1, 24), ...weights, y: meta(1, 24) };
    const args = {
      input: tensor('x'),
      hx: tensor('h'),
      w_ih: tensor('p_w'),
      w_hh: tensor('p_r'),
    };
    const gru = await readPt2(
      archive(program(tensors, [node('gru_cell.default', args, ['y'])], ['y'])),
    );
    expect(opsOf(gru)).toEqual(['reshape', 'gru', 'reshape']);
    expect(graphCost(gru).macs).toBe(3 * 24 * (32 + 24));
    expect(gru.nodes[1]!.inputs).toContain('h');

    const states = { as_tensors: [{ name: 'h' }, { name: 'c' }] };
    const more = { c: meta(1, 24), p_w: meta(96, 32), p_r: meta(96, 24), z: meta(1, 24) };
    const step = node('lstm_cell.default', { ...args, hx: states }, ['y', 'z']);
    const lstm = await readPt2(archive(program({ ...tensors, ...more }, [step], ['y', 'z'])));
    expect(graphCost(lstm).macs).toBe(4 * 24 * (32 + 24));
    expect(shapesOf(lstm)).toEqual([
      [1, 24],
      [1, 24],
    ]);
  });

  test('a recurrent layer with projections is no layer that we know', async () => {
    const tensors = {
      x: meta(20, 1, 32),
      p_w: meta(256, 32),
      p_r: meta(256, 16),
      p_h: meta(16, 64),
    };
    const args = {
      input: tensor('x'),
      hx: { as_tensors: [] },
      params: { as_tensors: [{ name: 'p_w' }, { name: 'p_r' }, { name: 'p_h' }] },
      has_biases: { as_bool: false },
      num_layers: { as_int: 1 },
      dropout: { as_float: 0 },
      train: { as_bool: false },
      bidirectional: { as_bool: false },
      batch_first: { as_bool: false },
    };
    const nodes = [node('lstm.input', args, ['y', 'h', 'c'])];
    const all = { ...tensors, y: meta(20, 1, 16), h: meta(1, 1, 16), c: meta(1, 1, 64) };
    const graph = await readPt2(archive(program(all, nodes, ['y'])));
    expect(graph.nodes).toMatchObject([{ op: 'custom', sourceOp: 'aten::lstm' }]);
  });

  test('a bilinear product, and what training for quantisation leaves', async () => {
    const tensors = { x: meta(5, 32), p_w: meta(8, 32, 32), y: meta(5, 8), z: meta(5, 8) };
    const inputs = { input1: tensor('x'), input2: tensor('x'), weight: tensor('p_w') };
    const quantised = {
      self: tensor('y'),
      scale: { as_float: 0.1 },
      zero_point: { as_int: 0 },
      quant_min: { as_int: -128 },
      quant_max: { as_int: 127 },
    };
    const nodes = [
      node('bilinear.default', inputs, ['y']),
      node('fake_quantize_per_tensor_affine.default', quantised, ['z']),
    ];
    const graph = await readPt2(archive(program(tensors, nodes, ['z'])));
    expect(opsOf(graph)).toEqual(['einsum', 'quantize', 'dequantize']);
    expect(graph.tensor(graph.nodes[0]!.outputs[0]!).shape).toEqual([5, 8]);
  });

  test('lists of results', async () => {
    const tensors = { x: meta(2, 6), a: meta(2, 4), b: meta(2, 2), y: meta(2, 2) };
    const parts = { as_tensors: [{ name: 'a' }, { name: 'b' }] };
    const args = { self: tensor('x'), split_size: { as_int: 4 }, dim: { as_int: -1 } };
    const nodes = [
      node('split.Tensor', args, [parts]),
      node('relu.default', { self: tensor('b') }, ['y']),
    ];
    const read = await readPt2(archive(program(tensors, nodes, ['y'])));
    expect(read.nodes[0]).toMatchObject({ op: 'split', attributes: { axis: 1, sizes: [4, 2] } });
    expect(validateGraph(read)).toEqual([]);
  });

  test('a graph that is run once stands in the place of its call', async () => {
    const body = {
      inputs: [tensor('arg')],
      outputs: [tensor('inner')],
      nodes: [node('relu.default', { self: tensor('arg') }, ['inner'])],
      tensor_values: { arg: meta(4), inner: meta(4) },
    };
    const args = {
      enabled: { as_bool: false },
      wrapped: { as_graph: { name: 'submod', graph: body } },
      operand: tensor('x'),
    };
    const target = 'torch.ops.higher_order.wrap_with_set_grad_enabled';
    const tensors = { x: meta(4), y: meta(4), z: meta(4) };
    const nodes = [node(target, args, ['y']), node('exp.default', { self: tensor('y') }, ['z'])];
    const graph = await readPt2(archive(program(tensors, nodes, ['z'])));
    expect(opsOf(graph)).toEqual(['relu', 'exp']);
  });

  // By torch.export of nn.LSTM(16, 32, num_layers=2, batch_first=True, bidirectional=True), whose parameters are 37,888.
  test('recurrent layers of two directions', async () => {
    const sizes = [16, 64].flatMap((width) =>
      [0, 1].flatMap(() => [meta(128, width), meta(128, 32), meta(128), meta(128)]),
    );
    const weights = Object.fromEntries(sizes.map((size, index) => [`p_${index}`, size]));
    const state = meta(4, 2, 32);
    const results = { y: meta(2, 7, 64), h: state, c: state };
    const flag = (value: boolean) => ({ as_bool: value });
    const args = {
      input: tensor('x'),
      hx: { as_tensors: [{ name: 'p_h' }, { name: 'p_c' }] },
      params: { as_tensors: Object.keys(weights).map((name) => ({ name })) },
      has_biases: flag(true),
      num_layers: { as_int: 2 },
      dropout: { as_float: 0 },
      train: flag(false),
      bidirectional: flag(true),
      batch_first: flag(true),
    };
    const tensors = { x: meta(2, 7, 16), ...weights, p_h: state, p_c: state, ...results };
    const nodes = [node('lstm.input', args, ['y', 'h', 'c'])];
    const graph = await readPt2(archive(program(tensors, nodes, ['y'])));
    expect(opsOf(graph)).toEqual(['lstm', 'reshape', 'lstm', 'reshape']);
    expect(validateGraph(graph)).toEqual([]);
    // 14 steps in 2 directions, 4 gates of 32, of 16 + 32 and 64 + 32.
    expect(graphCost(graph)).toMatchObject({ macs: 516_096, parameters: 37_888 });
  });

  // torch's own counter says 48 MACs for each linear layer: one in the branch, one a trip of `while_loop`, 7 in `map`, 7 in `scan`.
  test.each([1, 3])('graphs that run %i times, on slices, or one of two', async (loop) => {
    const graph = await readPt2(fixture('control-2.15.pt2'), { assume: { loop, compress: 50 } });
    expect(validateGraph(graph)).toEqual([]);
    expect(graphCost(graph)).toMatchObject({ macs: (1 + loop + 7 + 7) * 48, unknownNodes: [] });
    expect(graph.outputs.map((name) => graph.tensor(name).shape)).toEqual([
      [3, 4],
      [7, 3, 4],
      [50],
    ]);
    expect(opsOf(graph).slice(0, 3)).toEqual(['fc', 'relu', 'exp']);
    const assumed = graph.nodes.filter(({ isAssumed }) => isAssumed);
    expect(assumed.map(({ op }) => op)).toEqual(new Array(loop).fill('fc'));
    expect(graph.warnings).toEqual([
      expect.stringMatching(/higher_order::cond.*the branch of more nodes is counted/),
      `sizes that depend on data are assumed: loop=${loop} (1 node), compress=50 (1 node)`,
    ]);
  });

  test('a loop whose graphs do not fit its results is one node with the shapes of the program', async () => {
    const body = { inputs: [], outputs: [], nodes: [], tensor_values: {} };
    const inputs = [
      { as_graph: { name: 'c', graph: body } },
      { as_graph: { name: 'b', graph: body } },
      { as_tensors: [{ name: 'x' }] },
      { as_tensors: [] },
    ].map((arg) => ({ name: '', arg, kind: 1 }));
    const nodes = [{ ...node('torch.ops.higher_order.while_loop', {}, ['y']), inputs }];
    const graph = await readPt2(archive(program({ x: meta(4), y: meta(4) }, nodes, ['y'])));
    expect(graph.nodes[0]).toMatchObject({ op: 'custom', sourceOp: 'higher_order::while_loop' });
    expect(graph.warnings.join()).toMatch(/while_loop/);
  });

  test('numbers that JSON lacks are read as torch before 2.5 writes them', async () => {
    const tensors = { x: meta(4), y: meta(4) };
    const nodes = [node('clamp.default', { self: tensor('x'), min: { as_float: 'LOW' } }, ['y'])];
    const text = JSON.stringify(program(tensors, nodes, ['y'])).replace('"LOW"', '-Infinity');
    expect(opsOf(await readPt2(archive(text)))).toEqual(['clip']);
  });
});
