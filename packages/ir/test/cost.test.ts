import { describe, expect, test } from '@jest/globals';
import {
  createGraph,
  type DataType,
  graphCost,
  type Node,
  nodeCost,
  type Tensor,
} from '@nnmeter/ir';

interface Given {
  kind?: Tensor['kind'];
  shape?: number[];
  dataType?: DataType;
  layout?: Tensor['layout'];
}

/** A graph of one node `n` with operands a, b, c, ... and result `y`. */
function single(draft: Pick<Node, 'op' | 'attributes'>, operands: Given[], result: Given) {
  const names = operands.map((_, index) => String.fromCharCode(97 + index));
  const tensors = [...operands, result].map((given, index) => ({
    dataType: 'float32' as const,
    kind: 'input' as const,
    name: names[index] ?? 'y',
    ...(index === operands.length && { kind: 'activation' as const }),
    ...given,
  })) as Tensor[];
  const graph = createGraph({
    name: 'single',
    nodes: [{ name: 'n', sourceOp: 'N', inputs: names, outputs: ['y'], ...draft } as Node],
    tensors,
    inputs: tensors.filter(({ kind }) => kind === 'input').map(({ name }) => name),
    outputs: ['y'],
  });
  return { graph, cost: nodeCost(graph, graph.nodes[0]!) };
}

const window = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] };
const constant = (shape: number[], dataType: DataType = 'float32'): Given => ({
  kind: 'constant',
  shape,
  dataType,
});

describe('nodeCost', () => {
  test('grouped convolution with bias, channels first', () => {
    const { cost } = single(
      { op: 'conv', attributes: { kernelShape: [3, 5], group: 2, ...window } },
      [{ shape: [2, 8, 10, 12], layout: 'NCHW' }, constant([6, 4, 3, 5]), constant([6], 'float16')],
      { shape: [2, 6, 8, 8], layout: 'NCHW' },
    );
    expect(cost).toEqual({
      macs: 2 * 6 * 8 * 8 * (3 * 5 * 4),
      parameters: 6 * 4 * 3 * 5 + 6,
      weightBytes: 6 * 4 * 3 * 5 * 4 + 6 * 2,
      inputBytes: 2 * 8 * 10 * 12 * 4,
      outputBytes: 2 * 6 * 8 * 8 * 4,
    });
  });

  test('transposed convolution', () => {
    const { cost } = single(
      {
        op: 'convtranspose',
        attributes: { kernelShape: [2, 2], group: 1, outputPadding: [0, 0], ...window },
      },
      [{ shape: [1, 4, 4, 8], layout: 'NHWC' }, constant([2, 2, 8, 3])],
      { shape: [1, 8, 8, 3], layout: 'NHWC' },
    );
    expect(cost?.macs).toBe(4 * 4 * 8 * (2 * 2 * 3));
  });

  test('matrix products: fc with transposed data, batched matmul, attention as einsum', () => {
    const plain = { transposeA: false, transposeB: false };
    expect(
      single(
        { op: 'fc', attributes: { transposeA: true, transposeB: false } },
        [{ shape: [7, 2] }, constant([7, 5])],
        { shape: [2, 5] },
      ).cost?.macs,
    ).toBe(2 * 7 * 5);
    expect(
      single(
        { op: 'matmul', attributes: plain },
        [{ shape: [3, 4, 5, 6] }, { shape: [3, 4, 6, 7] }],
        { shape: [3, 4, 5, 7] },
      ).cost,
    ).toMatchObject({ macs: 3 * 4 * 5 * 6 * 7, parameters: 0 });
    expect(
      single(
        { op: 'einsum', attributes: { equation: '...id, ...jd -> ...ij' } },
        [{ shape: [3, 4, 5, 6] }, { shape: [3, 4, 7, 6] }],
        { shape: [3, 4, 5, 7] },
      ).cost?.macs,
    ).toBe(3 * 4 * 5 * 6 * 7);
  });

  test('bidirectional LSTM: four gates over input and hidden state', () => {
    const { cost } = single(
      { op: 'lstm', attributes: { hiddenSize: 16, directions: 2 } },
      [{ shape: [10, 1, 8] }, constant([2, 64, 8]), constant([2, 64, 16])],
      { shape: [10, 2, 1, 16] },
    );
    expect(cost).toMatchObject({
      macs: 10 * 2 * (64 * 8 + 64 * 16),
      parameters: 2 * 64 * 8 + 2 * 64 * 16,
    });
  });

  test('a tensor read twice is moved once; int64 shapes and scalars are no parameters', () => {
    const twice = createGraph({
      name: 'twice',
      nodes: [
        {
          name: 'n',
          op: 'mul',
          attributes: {},
          sourceOp: 'Mul',
          inputs: ['a', 'a'],
          outputs: ['y'],
        },
      ],
      tensors: [
        { name: 'a', kind: 'input', dataType: 'float16', shape: [10] },
        { name: 'y', kind: 'activation', dataType: 'float16', shape: [10] },
      ],
      inputs: ['a'],
      outputs: ['y'],
    });
    expect(graphCost(twice)).toMatchObject({ inputBytes: 20, outputBytes: 20 });
    const { cost } = single(
      { op: 'where', attributes: {} },
      [{ shape: [4] }, constant([4], 'int64'), constant([])],
      { shape: [4] },
    );
    expect(cost).toMatchObject({ macs: 0, parameters: 0, weightBytes: 0 });
  });

  test('is undefined where a shape is unknown or the op is custom, and the graph says so', () => {
    const unknown = single({ op: 'relu', attributes: {} }, [{}], { shape: [4] });
    expect(unknown.cost).toBeUndefined();
    expect(graphCost(unknown.graph)).toEqual({
      macs: 0,
      parameters: 0,
      weightBytes: 0,
      inputBytes: 0,
      outputBytes: 0,
      unknownNodes: ['n'],
    });
    expect(
      single({ op: 'custom', attributes: {} }, [{ shape: [4] }], { shape: [4] }).cost,
    ).toBeUndefined();
  });
});

describe('graphCost', () => {
  test('counts a constant that two nodes share once', () => {
    const graph = createGraph({
      name: 'shared',
      nodes: ['p', 'q'].map((name) => ({
        name,
        op: 'fc' as const,
        attributes: { transposeA: false, transposeB: false },
        sourceOp: 'MatMul',
        inputs: [name === 'p' ? 'x' : 'p', 'w'],
        outputs: [name],
      })),
      tensors: [
        { name: 'x', kind: 'input', dataType: 'float32', shape: [1, 8] },
        { name: 'w', kind: 'constant', dataType: 'float32', shape: [8, 8] },
        { name: 'p', kind: 'activation', dataType: 'float32', shape: [1, 8] },
        { name: 'q', kind: 'activation', dataType: 'float32', shape: [1, 8] },
      ],
      inputs: ['x'],
      outputs: ['q'],
    });
    expect(graphCost(graph)).toMatchObject({ macs: 128, parameters: 64, weightBytes: 256 });
  });
});
