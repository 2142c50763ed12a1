import { describe, expect, test } from '@jest/globals';
import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import {
  detectNnMeterKernels,
  nnMeterFeatures,
  nnMeterRegressor,
} from '@nnmeter/nn-meter-predictors';
import { cpu } from '../../../kernel-detect/test/support/rules.ts';

type Entry = [name: string, type: string, inbounds: string[], shape: number[], attr?: object];

/** Graphs in nn-Meter IR, since this mode goes by the op names of the source. */
function graph(...entries: Entry[]) {
  const shapes = new Map(entries.map(([name, , , shape]) => [name, shape]));
  return readNnMeterIr(
    Object.fromEntries(
      entries.map(([name, type, inbounds, shape, attr = {}]) => [
        name,
        {
          inbounds,
          outbounds: entries.filter((entry) => entry[2].includes(name)).map((entry) => entry[0]),
          attr: {
            type,
            input_shape: inbounds.map((producer) => shapes.get(producer)),
            output_shape: [shape],
            attr,
          },
        },
      ]),
    ),
  );
}

const image: Entry = ['x', 'Placeholder', [], [1, 28, 28, 16]];
const conv = (name: string, input: string): Entry => [
  name,
  'Conv2D',
  [input],
  [1, 28, 28, 16],
  { kernel_shape: [3, 3], weight_shape: [3, 3, 16, 16], strides: [1, 1], padding: 'SAME' },
];
const names = (entries: Entry[], rules = cpu.official!) =>
  detectNnMeterKernels(graph(...entries), rules).map((kernel) => kernel.name);

describe('nn-Meter mode keeps the quirks of the original', () => {
  test('rules speak of pooling and dense, nodes of maxpool and fc: they never meet', () => {
    const fc: Entry = ['fc', 'MatMul', ['x'], [1, 10], { weight_shape: [16, 10] }];
    const relu: Entry = ['relu', 'Relu', ['fc'], [1, 10]];
    expect(cpu.official).toMatchObject({ BF_dense_relu: true, BF_conv_pooling: true });
    expect(names([['x', 'Placeholder', [], [1, 16]], fc, relu])).toEqual(['fc', 'relu']);
    const pool: Entry = ['pool', 'MaxPool', ['a'], [1, 14, 14, 16], { ksize: [2, 2] }];
    expect(names([image, conv('a', 'x'), pool])).toEqual(['conv', 'maxpool']);
  });

  test('the type of the root decides, whatever came between', () => {
    const entries: Entry[] = [
      image,
      conv('a', 'x'),
      ['relu', 'Relu', ['a'], [1, 28, 28, 16]],
      ['bn', 'FusedBatchNorm', ['relu'], [1, 28, 28, 16]],
    ];
    expect(names(entries)).toEqual(['conv-relu-bn']);
  });

  test('a conv-bn-relu block takes nothing more', () => {
    const entries: Entry[] = [
      image,
      conv('a', 'x'),
      ['bn', 'FusedBatchNorm', ['a'], [1, 28, 28, 16]],
      ['relu', 'Relu', ['bn'], [1, 28, 28, 16]],
      ['relu2', 'Relu', ['relu'], [1, 28, 28, 16]],
    ];
    expect(names(entries)).toEqual(['conv-bn-relu', 'relu']);
    expect(names(entries, { BF_conv_bn: true, BF_conv_relu: true })).toEqual(['conv-bn-relu-relu']);
  });

  test('without rules nothing but the blocks is found', () => {
    const entries: Entry[] = [
      image,
      ['mean', 'Mean', ['x'], [1, 1, 1, 16], { reduction_indices: [1, 2], keep_dims: true }],
      ['reshape', 'Reshape', ['mean'], [1, 16], { shape: [1, 16] }],
      ['fc', 'MatMul', ['reshape'], [1, 10], { weight_shape: [16, 10] }],
    ];
    const kernels = detectNnMeterKernels(graph(...entries), {});
    expect(kernels.map((kernel) => kernel.name)).toEqual(['gap', 'fc']);
    expect(kernels.map(nnMeterFeatures)).toEqual([
      [1, 16],
      [16, 10, 330 / 2e6, 330 / 1e6],
    ]);
    expect(kernels[1]!.inputKernels).toEqual([0]);
  });

  test('ops it does not know keep their name and have no features', () => {
    const [kernel] = detectNnMeterKernels(
      graph(image, ['s', 'Softmax', ['x'], [1, 28, 28, 16]]),
      cpu.official!,
    );
    expect(kernel!.name).toBe('Softmax');
    expect(nnMeterFeatures(kernel!)).toBeUndefined();
  });

  test('more than four inputs of a concat are cut to six entries', () => {
    const inputs = ['a', 'b', 'c', 'd', 'e'];
    const kernels = detectNnMeterKernels(
      graph(image, ...inputs.map((name) => conv(name, 'x')), [
        'cat',
        'ConcatV2',
        inputs,
        [1, 28, 28, 80],
        { axis: 3 },
      ]),
      {},
    );
    expect(nnMeterFeatures(kernels.at(-1)!)).toEqual([28, 6, 16, 16, 16, 16]);
  });

  test('regressors by kernel name', () => {
    expect(nnMeterRegressor('conv-bn-add-relu')).toBe('conv-bn-relu');
    expect(nnMeterRegressor('dwconv-relu')).toBe('dwconv-bn-relu');
    expect(nnMeterRegressor('se-relu')).toBe('se');
    expect(nnMeterRegressor('hswish')).toBe('hswish');
  });
});
