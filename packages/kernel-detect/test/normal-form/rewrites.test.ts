import { describe, expect, test } from '@jest/globals';
import type { Shape } from '@nnmeter/ir';
import { detectKernels, explainFusion } from '@nnmeter/kernel-detect';
import { GraphBuilder } from '../support/graph.ts';

const NO_RULES = { fuse: {} };
const PLAIN = { transposeA: false, transposeB: false };

const reshape = (b: GraphBuilder, x: string, shape: Shape, name?: string) =>
  b.node('reshape', [x], { attributes: { shape }, shape, ...(name && { name }) });
const transpose = (b: GraphBuilder, x: string, perm: number[], shape: Shape, name?: string) =>
  b.node('transpose', [x], { attributes: { perm }, shape, ...(name && { name }) });

/** Kernels as `type input -> output`, with the shapes of the tensors between them. */
function kernels(b: GraphBuilder): string[] {
  return detectKernels(b.build(), NO_RULES).map(({ type, inputs, outputs }) => {
    const [from, to] = [inputs, outputs].map(([tensor]) => tensor!.shape!.join('x'));
    return `${type} ${from} -> ${to}`;
  });
}

describe('a product between reshapes to rows and back', () => {
  function network(last: Shape = [1, 14, 14, 384]) {
    const b = new GraphBuilder();
    const x = b.node('relu', [b.input('x', [1, 14, 14, 96])]);
    const rows = reshape(b, x, [196, 96], 'gather');
    const weight = b.constant('w', [96, 384]);
    const fc = b.node('fc', [rows, weight], { attributes: PLAIN, shape: [196, 384], name: 'fc' });
    return b.result(b.node('gelu', [reshape(b, fc, last, 'restore')]));
  }

  test('is one of the whole tensor', () => {
    expect(kernels(network())).toEqual([
      'relu 1x14x14x96 -> 1x14x14x96',
      'fc 1x14x14x96 -> 1x14x14x384',
      'gelu 1x14x14x384 -> 1x14x14x384',
    ]);
  });

  test('has the reshapes in its kernel, and says why', () => {
    const graph = network().build();
    const [, product] = detectKernels(graph, NO_RULES);
    expect(product).toMatchObject({ positions: [1, 2, 3], rootPosition: 2 });
    expect(product!.nodes.map(({ name }) => name)).toEqual(['gather', 'fc', 'restore']);
    expect(explainFusion(graph, NO_RULES, 'restore').pairs).toContainEqual({
      from: 'fc',
      to: 'restore',
      fused: true,
      reason: 'products over the last axis need no reshape to rows',
    });
  });

  test('not if the second reshape divides rows otherwise', () => {
    expect(kernels(network([1, 28, 7, 384]))).toContain('fc 196x96 -> 196x384');
  });

  test('leaves the first reshape to others that read it', () => {
    const b = new GraphBuilder();
    const rows = reshape(b, b.node('relu', [b.input('x', [2, 8, 16])]), [16, 16]);
    const weight = b.constant('w', [16, 16]);
    const fc = b.node('fc', [rows, weight], { attributes: PLAIN });
    b.result(reshape(b, fc, [2, 8, 16]), b.node('softmax', [rows], { attributes: { axis: 1 } }));
    expect(kernels(b)).toEqual([
      'relu 2x8x16 -> 2x8x16',
      'reshape 2x8x16 -> 16x16',
      'fc 2x8x16 -> 2x8x16',
      'softmax 16x16 -> 16x16',
    ]);
  });
});

test('a bias behind the reshape of a layer is the bias of the layer', () => {
  const b = new GraphBuilder();
  const weight = b.constant('w', [64, 64]);
  const x = b.node('fc', [b.input('x', [1, 16, 64]), weight], { attributes: PLAIN });
  const heads = reshape(b, x, [1, 16, 4, 16]);
  b.result(b.node('softmax', [b.node('add', [heads, b.constant('bias', [4, 16])])]));
  expect(kernels(b)).toEqual([
    'fc 1x16x64 -> 1x16x64',
    'reshape 1x16x64 -> 1x16x4x16',
    'softmax 1x16x4x16 -> 1x16x4x16',
  ]);
});

test('a relu behind the reshape of a layer is the activation of the layer', () => {
  const b = new GraphBuilder();
  const conv = b.conv(b.input('x', [1, 16, 1, 50]), { shape: [1, 16, 1, 50] });
  const relu = b.node('relu', [reshape(b, conv, [1, 16, 50])], { name: 'relu' });
  b.result(b.node('softmax', [relu]));
  const graph = b.build();
  const found = detectKernels(graph, { fuse: { BF_conv_relu: true } });
  expect(found.map(({ type }) => type)).toEqual(['conv-relu', 'reshape', 'softmax']);
  expect(found.map(({ positions }) => positions)).toEqual([[0, 2], [1], [3]]);
  expect(found[1]!.outputs[0]!.name).toBe('relu:0');
});

describe('a convolution of batches of blocks', () => {
  function network(block: number) {
    const b = new GraphBuilder();
    const blocks = b.node('spacetobatch', [b.input('x', [1, 16, 12, 12])], {
      attributes: { blockShape: [2, 2], pads: [2, 2, 2, 2] },
      shape: [4, 16, 8, 8],
    });
    const conv = b.node('conv', [blocks, b.constant('w', [16, 16, 3, 3])], {
      attributes: {
        kernelShape: [3, 3],
        strides: [1, 1],
        pads: [0, 0, 0, 0],
        dilations: [1, 1],
        group: 1,
      },
      shape: [4, 16, 6, 6],
    });
    return b.result(
      b.node('batchtospace', [conv], {
        attributes: { blockShape: [block, 4 / block], crops: [0, 0, 0, 0] },
        shape: [1, 16, 12, 12],
      }),
    );
  }

  test('is a dilated one', () => {
    const [kernel, ...others] = detectKernels(network(2).build(), NO_RULES);
    expect(others).toEqual([]);
    expect(kernel).toMatchObject({ type: 'conv', positions: [0, 1, 2] });
    expect(kernel!.root.attributes).toMatchObject({ dilations: [2, 2], pads: [2, 2, 2, 2] });
    expect(kernel!.inputs[0]!.shape).toEqual([1, 16, 12, 12]);
    expect(kernel!.outputs[0]!.shape).toEqual([1, 16, 12, 12]);
  });

  test('not if other blocks are put back', () => {
    expect(detectKernels(network(4).build(), NO_RULES)).toHaveLength(3);
  });
});

describe('a pad before a convolution', () => {
  /** Of stride 2 and a window of 3, of an image of 12 x 12: SAME pads one row and column, at the end. */
  function network(pads: number[], mode = 'constant') {
    const b = new GraphBuilder();
    const side = 12 + pads[2]! + pads[6]!;
    const padded = b.node('pad', [b.input('x', [1, 16, 12, 12])], {
      attributes: { pads, mode },
      shape: [1, 16, side, side],
    });
    const conv = b.node('conv', [padded, b.constant('w', [16, 16, 3, 3])], {
      attributes: {
        kernelShape: [3, 3],
        strides: [2, 2],
        pads: [0, 0, 0, 0],
        dilations: [1, 1],
        group: 1,
      },
      shape: [1, 16, 6, 6],
    });
    return detectKernels(b.result(conv).build(), NO_RULES);
  }

  test('is part of it where it is that of SAME', () => {
    const [kernel, ...others] = network([0, 0, 0, 0, 0, 0, 1, 1]);
    expect(others).toEqual([]);
    expect(kernel).toMatchObject({ type: 'conv', positions: [0, 1] });
    expect(kernel!.root.attributes).toMatchObject({ pads: [0, 0, 1, 1] });
    expect(kernel!.inputs[0]!.shape).toEqual([1, 16, 12, 12]);
  });

  test.each([
    ['it pads on both sides', [0, 0, 1, 1, 0, 0, 1, 1], 'constant'],
    ['it reflects', [0, 0, 0, 0, 0, 0, 1, 1], 'reflect'],
    ['it pads channels', [0, 1, 0, 0, 0, 0, 1, 1], 'constant'],
  ])('is a kernel of its own where %s', (_, pads, mode) => {
    expect(network(pads, mode).map(({ type }) => type)).toEqual(['pad', 'conv']);
  });
});

describe('moves', () => {
  test('two transpositions are one, as of keys: heads first, then features before places', () => {
    const b = new GraphBuilder();
    const keys = b.node('relu', [b.input('x', [1, 196, 4, 32])]);
    const heads = transpose(b, keys, [0, 2, 1, 3], [1, 4, 196, 32]);
    b.result(b.node('relu', [transpose(b, heads, [0, 1, 3, 2], [1, 4, 32, 196], 'last')]));
    const graph = b.build();
    const [, move] = detectKernels(graph, NO_RULES);
    expect(move).toMatchObject({ type: 'transpose', positions: [1, 2] });
    expect(move!.root).toMatchObject({ name: 'last', attributes: { perm: [0, 2, 3, 1] } });
  });

  test('a transposition between reshapes that drop an axis of extent 1 and bring it back', () => {
    const b = new GraphBuilder();
    const x = b.node('relu', [b.input('x', [1, 4, 196, 32])]);
    const moved = transpose(b, reshape(b, x, [4, 196, 32]), [0, 2, 1], [4, 32, 196], 'moved');
    b.result(b.node('relu', [reshape(b, moved, [1, 4, 32, 196])]));
    const [, move, ...others] = detectKernels(b.build(), NO_RULES);
    expect(move).toMatchObject({ type: 'transpose', positions: [1, 2, 3] });
    expect(move!.root.attributes).toEqual({ perm: [0, 1, 3, 2] });
    expect(others).toHaveLength(1);
  });

  test('that move no element are reshapes, and several reshapes are one', () => {
    const b = new GraphBuilder();
    const x = b.node('relu', [b.input('x', [1, 20, 32])]);
    const steps = transpose(b, x, [1, 0, 2], [20, 1, 32]);
    const flat = reshape(b, steps, [20, 32]);
    const only = b.node('gather', [reshape(b, flat, [1, 20, 32]), b.scalar(0)], {
      attributes: { axis: 0 },
      shape: [20, 32],
    });
    b.result(b.node('relu', [only]));
    expect(kernels(b)).toEqual([
      'relu 1x20x32 -> 1x20x32',
      'reshape 1x20x32 -> 20x32',
      'relu 20x32 -> 20x32',
    ]);
  });

  test.each<[string, (b: GraphBuilder, x: string) => string, string]>([
    [
      'a transposition of two long axes',
      (b, x) => transpose(b, x, [0, 2, 1], [1, 32, 20]),
      'transpose 1x20x32 -> 1x32x20',
    ],
    [
      'a gather of one of several entries',
      (b, x) => b.node('gather', [x, b.scalar(3)], { attributes: { axis: 1 }, shape: [1, 32] }),
      'gather 1x20x32 -> 1x32',
    ],
  ])('%s stays', (_, move, expected) => {
    const b = new GraphBuilder();
    b.result(move(b, b.input('x', [1, 20, 32])));
    expect(kernels(b)).toEqual([expected]);
  });
});
