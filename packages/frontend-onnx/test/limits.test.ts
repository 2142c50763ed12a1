import { describe, expect, test } from '@jest/globals';
import { readOnnx } from '@nnmeter/frontend-onnx';
import {
  encode,
  type GraphFields,
  int,
  ints,
  model,
  network,
  node,
  value,
  vector,
} from './support/onnx-model.ts';
import { refusal } from './support/refusal.ts';

describe('limits', () => {
  test('documentation of any length is skipped', () => {
    const docString = 'd'.repeat(2 ** 22);
    const bytes = encode(
      model(
        {
          node: [node('Relu', ['x'], ['y'])],
          input: [value('x', [1])],
          output: [{ name: 'y' }],
          docString,
        },
        { docString },
      ),
    );
    expect(readOnnx(bytes).nodes).toHaveLength(1);
  });

  test('a loop without end over many tensors', () => {
    const initializer = Array.from({ length: 20_000 }, (_, index) => ({
      ...{ name: `weight${index}`, dataType: 1, dims: [0] },
    }));
    const body: GraphFields = {
      input: [value('i', []), value('go', []), value('state')],
      output: [{ name: 'go' }, { name: 'state' }],
      initializer,
    };
    const loop = node('Loop', ['', '', 'x'], ['y'], [{ name: 'body', type: 5, g: body }]);
    const graph = { node: [loop], input: [value('x', [1])], output: [{ name: 'y' }] };
    expect(refusal(encode(model(graph)))).toMatchObject({
      code: 'E_LIMIT',
      message: expect.stringMatching(/more than 3,000,000 names/),
    });
  });

  test('graphs in graphs in graphs', () => {
    let graph: GraphFields = { node: [node('Relu', ['x'], ['y'])], output: [{ name: 'y' }] };
    const nest = (depth: number): void => {
      for (let level = 0; level < depth; level++) {
        const branch = { type: 5, g: graph };
        graph = {
          node: [
            node(
              'If',
              ['c'],
              ['y'],
              [
                { name: 'then_branch', ...branch },
                { name: 'else_branch', ...branch },
              ],
            ),
          ],
          output: [{ name: 'y' }],
        };
      }
    };
    nest(5);
    const condition = { name: 'c', dataType: 9, dims: [], int32Data: [1] };
    const top = (): GraphFields => ({
      ...graph,
      input: [value('x', [1, 4])],
      initializer: [condition],
    });
    expect(readOnnx(encode(model(top()))).nodes.map(({ op }) => op)).toEqual(['relu']);
    let chain = { node: [node('Relu', ['x'], ['y'])], output: [{ name: 'y' }] } as GraphFields;
    for (let level = 0; level < 200; level++) {
      chain = {
        node: [
          node(
            'If',
            ['c'],
            ['y'],
            [
              { name: 'then_branch', type: 5, g: chain },
              { name: 'else_branch', type: 5, g: {} },
            ],
          ),
        ],
        output: [{ name: 'y' }],
      };
    }
    const deep = model({ ...chain, input: [value('x', [1, 4])], initializer: [condition] });
    expect(refusal(encode(deep))).toEqual({
      code: 'E_LIMIT',
      message: expect.stringMatching(/nests graphs in graphs/),
    });
    expect(refusal(deep)).toEqual({
      code: 'E_LIMIT',
      message: expect.stringMatching(/nested more than 32 deep/),
    });
  });
});

describe('constants without elements, of axes without end', () => {
  const empty = (dims: readonly number[]) => ({ name: 'empty', dataType: 7, dims: [...dims] });
  const far = 2 ** 31;

  test.each([
    ['Tile', [1, 0], [vector('to', [far, 1])], [], [far, 0]],
    ['Expand', [1, 0], [vector('to', [far, 1])], [], [far, 0]],
    ['Pad', [1, 0], [vector('to', [far, 0, 0, 0])], [], [far + 1, 0]],
    ['Slice', [far, 0], [vector('from', [1]), vector('to', [far])], [], [far - 1, 0]],
    ['Softmax', [far, 0], [], [int('axis', 1)], [far, 0]],
    ['Transpose', [far, 0], [], [ints('perm', [1, 0])], [0, far]],
    ['Concat', [far, 0], [{ ...empty([far, 0]), name: 'other' }], [int('axis', 1)], [far, 0]],
    ['Gather', [far, 1, 0], [vector('at', [0])], [int('axis', 1)], [far, 1, 0]],
    ['MatMul', [far, 0, 2], [{ ...empty([far, 2, 0]), name: 'other' }], [], [far, 0, 0]],
  ])('%s', (op, dims, others, attributes, shape) => {
    const names = others.map(({ name }) => name ?? '');
    const nodes = [
      node(op, ['empty', ...names], ['result'], attributes),
      node('Identity', ['result'], ['y']),
    ];
    const bytes = network(nodes, [1], { initializer: [empty(dims), ...others] });
    expect(readOnnx(bytes).tensor('result').shape).toEqual(shape);
  });

  test('Unique, of which only the number found is assumed', () => {
    const nodes = [node('Unique', ['empty'], ['y'], [int('axis', 0)])];
    const bytes = network(nodes, [1], { initializer: [empty([far, 0])] });
    expect(readOnnx(bytes).tensor('y').shape).toEqual([100, 0]);
  });
});
