import { describe, expect, test } from '@jest/globals';
import { frontend, readNniIr } from '@nnmeter/frontend-nni';
import type { Graph } from '@nnmeter/ir';
import { openModel } from '@nnmeter/model-source';
import { INPUT, mnist, NniGraphBuilder, type NodeOptions, OUTPUT, TORCH } from './support/model.ts';

const plain = (json: unknown): unknown => JSON.parse(JSON.stringify(json));

function read(json: unknown): Graph {
  return readNniIr(plain(json));
}

/** Reads a graph of one node between input and output and gives that node. */
function readOne(type: string, options: NodeOptions) {
  const graph = read(
    new NniGraphBuilder('x').node('node', type, [INPUT], options).edge('node', OUTPUT),
  );
  return graph.nodes[0]!;
}

describe('a model with a cell', () => {
  const graph = read(mnist());

  test('has the ops of cell and model in one graph, without constants, size computations and dropout', () => {
    expect(graph.nodes.map(({ name, op }) => [name, op])).toEqual([
      ['stem__conv', 'conv'],
      ['stem__bn', 'bn'],
      ['stem__relu', 'relu'],
      ['stem__pool', 'maxpool'],
      ['view', 'reshape'],
      ['fc1', 'fc'],
      ['fc2', 'fc'],
      ['softmax', 'softmax'],
    ]);
  });

  test('connects nodes across the borders of cells and over folded nodes', () => {
    expect(graph.inputs).toEqual(['image']);
    expect(graph.outputs).toEqual(['softmax']);
    expect(graph.node('stem__conv')?.inputs[0]).toBe('image');
    expect(graph.node('view')?.inputs).toEqual(['stem__pool']);
    expect(graph.node('fc2')?.inputs[0]).toBe('fc1');
  });

  test('knows the shapes of inputs, results and weights', () => {
    const shapes = Object.fromEntries([...graph.tensors.values()].map((t) => [t.name, t.shape]));
    expect(shapes).toMatchObject({
      image: [1, 1, 28, 28],
      stem__conv: [1, 32, 24, 24],
      'stem__conv/weight': [32, 1, 5, 5],
      'stem__conv/bias': [32],
      stem__pool: [1, 32, 12, 12],
      'fc1/weight': [128, 4608],
      'fc1/bias': [128],
      softmax: [1, 10],
    });
    expect(shapes).not.toHaveProperty('fc2/bias');
    expect(graph.tensor('stem__conv').layout).toBe('NCHW');
    expect(graph.tensor('stem__conv/weight').layout).toBe('OIHW');
  });

  test('fills in the defaults of torch.nn', () => {
    expect(graph.node('stem__conv')?.attributes).toEqual({
      kernelShape: [5, 5],
      strides: [1, 1],
      pads: [0, 0, 0, 0],
      dilations: [1, 1],
      group: 1,
    });
    expect(graph.node('stem__pool')?.attributes).toMatchObject({
      kernelShape: [2, 2],
      strides: [2, 2],
    });
    expect(graph.node('softmax')?.attributes).toEqual({ axis: 1 });
  });

  test('reads the same from text, bytes and a single graph', () => {
    const text = JSON.stringify(mnist());
    const names = graph.nodes.map((node) => node.name);
    expect(readNniIr(text).nodes.map((node) => node.name)).toEqual(names);
    expect(readNniIr(new TextEncoder().encode(text)).nodes.map((node) => node.name)).toEqual(names);
    const single = new NniGraphBuilder('x').node('relu', 'aten::relu', [INPUT], {
      shapes: { in: [[1, 8]], out: [[1, 8]] },
    });
    expect(read(single).nodes.map((node) => node.op)).toEqual(['relu']);
  });
});

test('a cell used twice appears twice', () => {
  const shapes = { in: [[1, 8, 4, 4]], out: [[1, 8, 4, 4]] };
  const block = new NniGraphBuilder('x')
    .node('relu', `${TORCH}activation.ReLU`, [INPUT], { shapes })
    .edge('relu', OUTPUT);
  const root = new NniGraphBuilder('x')
    .node('first', '_cell', [INPUT], { cell: 'block' })
    .node('second', '_cell', ['first'], { cell: 'block' })
    .edge('second', OUTPUT);
  const graph = read({ _model: root, block });
  expect(graph.nodes.map(({ inputs, outputs }) => [inputs, outputs])).toEqual([
    [['x'], ['relu']],
    [['relu'], ['relu#2']],
  ]);
});

describe('types', () => {
  const image = [1, 8, 6, 4];
  const point = [1, 8, 1, 1];

  test('grouped, depthwise, dilated and non-square convolutions keep their geometry', () => {
    const conv = (parameters: Record<string, unknown>, out: readonly number[]) =>
      readOne(`${TORCH}conv.Conv2d`, { parameters, shapes: { in: [image], out: [out] } });
    expect(conv({ kernel_size: [3, 1], padding: [1, 0], groups: 8 }, image)).toMatchObject({
      op: 'dwconv',
      attributes: { kernelShape: [3, 1], pads: [1, 0, 1, 0], group: 8 },
    });
    expect(conv({ kernel_size: 3, padding: 2, dilation: 2, groups: 4 }, image)).toMatchObject({
      op: 'conv',
      attributes: { dilations: [2, 2], pads: [2, 2, 2, 2], group: 4 },
    });
    expect(conv({ kernel_size: 3, stride: 2, padding: 'same' }, [1, 8, 3, 2])).toMatchObject({
      attributes: { strides: [2, 2], pads: [0, 0, 1, 1] },
    });
  });

  test('a pool over the whole image is global, any other is not', () => {
    const pool = (parameters: Record<string, unknown>, out: readonly number[]) =>
      readOne(`${TORCH}pooling.AvgPool2d`, { parameters, shapes: { in: [image], out: [out] } }).op;
    expect(pool({ kernel_size: [6, 4] }, point)).toBe('gap');
    expect(pool({ kernel_size: 2 }, [1, 8, 3, 2])).toBe('avgpool');
  });

  test('adaptive pools follow from their shapes', () => {
    const adaptive = (out: readonly number[]) =>
      readOne(`${TORCH}pooling.AdaptiveAvgPool2d`, { shapes: { in: [image], out: [out] } });
    expect(adaptive(point)).toMatchObject({ op: 'gap', attributes: { axes: [2, 3] } });
    expect(adaptive([1, 8, 3, 2])).toMatchObject({
      op: 'avgpool',
      attributes: { kernelShape: [2, 2], strides: [2, 2] },
    });
  });

  test.each([
    [`${TORCH}activation.ReLU6`, 'relu', { max: 6 }],
    [`${TORCH}activation.Hardswish`, 'hswish', {}],
    [`${TORCH}activation.Hardsigmoid`, 'hardsigmoid', {}],
    [`${TORCH}activation.Sigmoid`, 'sigmoid', {}],
    ['__torch__.torch.nn.modules.activation.___torch_mangle_7.SiLU', 'swish', {}],
    ['__torch__.nni.retiarii.nn.pytorch.nn.GELU', 'gelu', {}],
    ['aten::relu_', 'relu', {}],
  ])('%s is %s', (type, op, attributes) => {
    const node = readOne(type, { shapes: { in: [image], out: [image] } });
    expect(node).toMatchObject({ op, attributes, sourceOp: type });
  });

  test('mean over the image is gap, over channels is not', () => {
    const mean = (dim: readonly number[], out: readonly number[]) =>
      readOne('aten::mean', { parameters: { dim }, shapes: { in: [image], out: [out] } });
    expect(mean([2, 3], [1, 8]).op).toBe('gap');
    expect(mean([-1, -2], point).op).toBe('gap');
    expect(mean([1], [1, 6, 4])).toMatchObject({ op: 'reducemean', attributes: { axes: [1] } });
  });

  test('numbers as operands become constants with values', () => {
    const graph = read(
      new NniGraphBuilder('x')
        .constant('three', 3)
        .constant('one', 1)
        .node('add', 'aten::add', [INPUT, 'three', 'one'], {
          shapes: { in: [image], out: [image] },
        })
        .edge('add', OUTPUT),
    );
    expect(graph.node('add')).toMatchObject({ op: 'add', inputs: ['x', 'add/operand'] });
    expect(graph.tensor('add/operand')).toMatchObject({ kind: 'constant', shape: [], values: [3] });
  });

  test('lists, chunks and channel shuffles are followed', () => {
    const half = [1, 4, 6, 4];
    const grouped = [1, 2, 4, 6, 4];
    const graph = read(
      new NniGraphBuilder('x')
        .constant('two', 2)
        .constant('one', 1)
        .node('chunk', 'aten::chunk', [INPUT, 'two', 'one'], {
          shapes: { in: [image], out: [half, half] },
        })
        .node('unpack', 'prim::ListUnpack', ['chunk'])
        .node('relu', 'aten::relu', [['unpack', 1]], { shapes: { in: [half], out: [half] } })
        .node('list', 'prim::ListConstruct', [['unpack', 0], 'relu'])
        .node('cat', 'aten::cat', ['list', 'one'], { shapes: { in: [half, half], out: [image] } })
        .node('view', 'aten::view', ['cat'], { shapes: { in: [image], out: [grouped] } })
        .node('swap', 'aten::transpose', ['view', 'one', 'two'], {
          shapes: { in: [grouped], out: [[1, 4, 2, 6, 4]] },
        })
        .node('back', 'aten::view', ['swap'], { shapes: { in: [[1, 4, 2, 6, 4]], out: [image] } })
        .edge('back', OUTPUT),
    );
    expect(graph.node('chunk')).toMatchObject({
      op: 'split',
      attributes: { axis: 1, sizes: [4, 4] },
    });
    expect(graph.node('relu')?.inputs).toEqual(['chunk:1']);
    expect(graph.node('cat')).toMatchObject({
      op: 'concat',
      inputs: ['chunk', 'relu'],
      attributes: { axis: 1 },
    });
    expect(graph.node('swap')?.attributes).toEqual({ perm: [0, 2, 1, 3, 4] });
  });

  test('unknown types stay, with their plain parameters', () => {
    const node = readOne('__torch__.mine.Wavelet', {
      parameters: { levels: 3, mode: 'db2', table: { a: 1 } },
      shapes: { in: [image], out: [image] },
    });
    expect(node).toMatchObject({
      op: 'custom',
      sourceOp: '__torch__.mine.Wavelet',
      attributes: { levels: 3, mode: 'db2' },
    });
    expect(node.attributes).not.toHaveProperty('table');
  });
});

test('the format is told from nn-Meter IR by its content', async () => {
  const matches = async (text: string) => {
    const source = await openModel(new TextEncoder().encode(text));
    return (await frontend.matches(source.head, source)) > 0;
  };
  expect(await matches(JSON.stringify(mnist(), null, 2))).toBe(true);
  expect(await matches(JSON.stringify(mnist()))).toBe(true);
  expect(await matches('{"head": {"inbounds": [], "attr": {"type": "Conv2D"}}}')).toBe(false);
  expect(await matches('"operation": {"type": 1}')).toBe(false);
});
