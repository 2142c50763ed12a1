import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readTensorFlow } from '@nnmeter/frontend-tf';
import { field, graphDef, imageInput, nodeDef } from './support/wire.ts';

/** A Const of int32: a list, or a scalar. */
function integers(name: string, values: readonly number[] | number): Buffer {
  const list = typeof values === 'number' ? [values] : values;
  const shape = typeof values === 'number' ? [] : [field(2, Buffer.from([8, list.length]))];
  const content = Buffer.from(new Int32Array(list).buffer);
  const tensor = Buffer.concat([
    Buffer.from([8, 3]),
    field(2, Buffer.concat(shape)),
    field(4, content),
  ]);
  return nodeDef(
    name,
    'Const',
    [],
    [Buffer.concat([field(1, 'value'), field(2, field(8, tensor))])],
  );
}

/** The image of 8 x 8 pixels and 3 channels as a list of 192, as 48 boxes and their scores, and a number computed of it. */
const given = [
  imageInput,
  integers('all', [-1]),
  integers('four', [48, 4]),
  integers('first', 0),
  integers('one', 1),
  integers('axes', [0, 1, 2, 3]),
  integers('side', [1]),
  nodeDef('list', 'Reshape', ['x', 'all']),
  nodeDef('boxes', 'Reshape', ['x', 'four']),
  nodeDef('scores', 'Max', ['boxes', 'side']),
  nodeDef('sum', 'Sum', ['x', 'axes']),
  nodeDef('count', 'Cast', ['sum']),
];

test.each(['control', 'control_v1'])('the steps of a loop that ends on data (%s)', (file) => {
  const bytes = readFileSync(join(import.meta.dirname, `../../../fixtures/tf/${file}.pb`));
  const steps = (loop: number) => {
    const { nodes } = readTensorFlow(bytes, { assume: { loop } });
    return nodes.filter(({ sourceOp, isAssumed }) => isAssumed && sourceOp === 'MatMul').length;
  };
  expect([steps(1), steps(3)]).toEqual([1, 3]);
});

describe('sizes that only data decide', () => {
  test.each([
    ['Where', ['x'], [100, 4], 'nonzero=100'],
    ['Unique', ['list'], [100], 'unique=100'],
    ['UniqueV2', ['boxes', 'side'], [48, 4], 'unique=4'],
    ['NonMaxSuppressionV3', ['boxes', 'scores', 'four'], [48], 'nonmaxsuppression=48'],
    ['NonMaxSuppressionV3', ['boxes', 'scores', 'count'], [48], 'nonmaxsuppression=48'],
    ['TopKV2', ['boxes', 'count'], [48, 4], 'topk=4'],
    ['Range', ['first', 'count', 'one'], [100], 'topk=100'],
  ])('%s of %j', (op, inputs, shape, assumed) => {
    const results = [nodeDef('result', op, inputs), nodeDef('y', 'Mul', ['result', 'sum'])];
    const graph = readTensorFlow(graphDef(...given, ...results));
    expect(graph.tensor('y').shape).toEqual(shape);
    expect(graph.warnings).toContain(`sizes that depend on data are assumed: ${assumed} (1 node)`);
  });

  test('the user knows better', () => {
    const graph = readTensorFlow(graphDef(...given, nodeDef('y', 'Where', ['list'])), {
      assume: { nonzero: 7 },
    });
    expect(graph.tensor('y').shape).toEqual([7, 1]);
  });

  test('what does not fit an assumption has no shape; it is no error of the model', () => {
    const results = [nodeDef('found', 'Where', ['list']), nodeDef('y', 'AddN', ['found', 'boxes'])];
    const graph = readTensorFlow(graphDef(...given, ...results));
    expect(graph.tensor('y').shape).toBeUndefined();
    expect(graph.warnings).toContain(
      'shapes do not fit the sizes that are assumed and are not known: "y"',
    );
  });
});
