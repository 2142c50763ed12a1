import { describe, expect, test } from '@jest/globals';
import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { readOnnx } from '@nnmeter/frontend-onnx';
import { readTensorFlow } from '@nnmeter/frontend-tf';
import { type Graph, GraphBuilder, graphCost, type Shape } from '@nnmeter/ir';
import { encode, model, node, value } from '../packages/frontend-onnx/test/support/onnx-model.ts';
import { field, graphDef, nodeDef } from '../packages/frontend-tf/test/support/wire.ts';

type Read = (equation: string, shapes: readonly Shape[]) => Graph;

const names = (shapes: readonly Shape[]): string[] => shapes.map((_, index) => `x${index}`);

/** The same network of one Einsum "product", as every format has it. */
const FORMATS: Readonly<Record<string, Read>> = {
  ONNX: (equation, shapes) => {
    const inputs = names(shapes);
    const attribute = { name: 'equation', type: 3, s: Buffer.from(equation) };
    const einsum = { ...node('Einsum', inputs, ['y'], [attribute]), name: 'product' };
    const input = inputs.map((name, index) => value(name, shapes[index]));
    return readOnnx(encode(model({ node: [einsum], input, output: [{ name: 'y' }] })));
  },
  TensorFlow: (equation, shapes) => {
    const inputs = names(shapes);
    const attribute = (name: string, content: Buffer) =>
      Buffer.concat([field(1, name), field(2, content)]);
    const placeholders = inputs.map((name, index) => {
      const dims = shapes[index]!.map((extent) => field(2, Buffer.from([8, extent])));
      return nodeDef(name, 'Placeholder', [], [attribute('shape', field(7, Buffer.concat(dims)))]);
    });
    const einsum = nodeDef('product', 'Einsum', inputs, [
      attribute('equation', field(2, equation)),
    ]);
    return readTensorFlow(graphDef(...placeholders, einsum));
  },
  'nn-Meter IR': (equation, shapes) => {
    const inputs = names(shapes);
    const placeholders = inputs.map((name, index) => [
      name,
      { attr: { type: 'Placeholder', output_shape: [shapes[index]] } },
    ]);
    const product = { inbounds: inputs, attr: { type: 'Einsum', attr: { equation } } };
    return readNnMeterIr({ ...Object.fromEntries(placeholders), product });
  },
  'the builder': (equation, shapes) => {
    const builder = new GraphBuilder('einsum');
    const inputs = names(shapes).map((name, index) => builder.input(name, shapes[index]!));
    return builder.build(...builder.node('einsum', { equation }, inputs, { name: 'product' }));
  },
};

describe.each(Object.entries(FORMATS))('Einsum by %s', (_, read) => {
  // Shapes by NumPy 2: np.einsum(equation, *[np.ones(shape) for shape in shapes]).shape
  test.each<[string, Shape[], Shape]>([
    [
      'bij,bjk->bik',
      [
        [2, 3, 4],
        [1, 4, 6],
      ],
      [2, 3, 6],
    ],
    [
      'bij,bjk->bik',
      [
        [1, 3, 4],
        [2, 4, 6],
      ],
      [2, 3, 6],
    ],
    [
      '...ij,...jk->...ik',
      [
        [5, 1, 2, 3],
        [4, 3, 6],
      ],
      [5, 4, 2, 6],
    ],
    [
      'bhid,bhjd->bhij',
      [
        [2, 8, 10, 16],
        [2, 8, 12, 16],
      ],
      [2, 8, 10, 12],
    ],
    ['i...->...', [[2, 3, 4]], [3, 4]],
    ['ii->i', [[3, 3]], [3]],
    [
      'ba,cb',
      [
        [2, 3],
        [4, 2],
      ],
      [3, 4],
    ],
  ])('%s of %j is %j', (equation, shapes, expected) => {
    const graph = read(equation, shapes);
    expect(graph.nodes.map(({ op }) => op)).toEqual(['einsum']);
    expect(graph.tensor(graph.outputs[0]!).shape).toEqual(expected);
  });

  test('multiplies every pair of elements that the result sums', () => {
    expect(
      graphCost(
        read('bij,bjk->bik', [
          [2, 3, 4],
          [1, 4, 6],
        ]),
      ).macs,
    ).toBe(2 * 3 * 4 * 6);
  });

  test.each<[string, Shape[], RegExp]>([
    [
      'bij,bjk->bik',
      [
        [2, 3, 4],
        [2, 5, 6],
      ],
      /"product".*index j is both 4 and 5/,
    ],
    ['ij,jk->ik', [[2, 3]], /"product".*2 terms for 1 operands/],
    ['ij->ij', [[2, 3, 4]], /"product".*does not fit the shape \[2, 3, 4\]/],
  ])('%s of %j is refused when it is read', (equation, shapes, message) => {
    expect(() => read(equation, shapes)).toThrow(message);
  });
});
