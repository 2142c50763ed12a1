import { expect, test } from '@jest/globals';
import { readTensorFlow } from '@nnmeter/frontend-tf';
import { field, graphDef, graphOf, imageInput, nodeDef } from './support/wire.ts';

test('functions that double each other are stopped early', () => {
  const level = (index: number): Buffer =>
    Buffer.concat([
      field(
        1,
        Buffer.concat([field(1, `f${index}`), field(2, field(1, 'a')), field(3, field(1, 'r'))]),
      ),
      field(3, nodeDef('one', `f${index + 1}`, ['a'])),
      field(3, nodeDef('two', `f${index + 1}`, ['one:output:0'])),
      field(4, Buffer.concat([field(1, 'r'), field(2, 'two:output:0')])),
    ]);
  const library = Array.from({ length: 40 }, (_, index) => field(1, level(index)));
  const leaf = Buffer.concat([
    field(1, Buffer.concat([field(1, 'f40'), field(2, field(1, 'a')), field(3, field(1, 'r'))])),
    field(4, Buffer.concat([field(1, 'r'), field(2, 'a')])),
  ]);
  const bytes = Buffer.concat([
    graphDef(imageInput, nodeDef('call', 'f0', ['x'])),
    field(2, Buffer.concat([...library, field(1, leaf)])),
  ]);
  expect(() => readTensorFlow(bytes)).toThrow(/more than 500,000 nodes once its functions/);
});

test('200,000 nodes in a row are read', () => {
  const nodes = [imageInput];
  for (let index = 0; index < 200_000; index++)
    nodes.push(nodeDef(`n${index}`, 'Relu', [index === 0 ? 'x' : `n${index - 1}`]));
  expect(readTensorFlow(graphOf(nodes)).nodes).toHaveLength(200_000);
});

test('a long list of which every node makes another', () => {
  const number = (name: string, value: readonly number[]) => {
    const tensor = Buffer.concat([
      Buffer.from([8, 3]),
      field(2, Buffer.alloc(0)),
      field(7, Buffer.from(value)),
    ]);
    return nodeDef(
      name,
      'Const',
      [],
      [Buffer.concat([field(1, 'value'), field(2, field(8, tensor))])],
    );
  };
  const nodes = [imageInput, number('zero', [0]), number('size', [0xa0, 0x8d, 6])];
  nodes.push(nodeDef('list', 'TensorListReserve', ['zero', 'size']));
  for (let index = 0; index < 300; index++) {
    const from = index === 0 ? 'list' : `list${index - 1}`;
    nodes.push(nodeDef(`list${index}`, 'TensorListSetItem', [from, 'zero', 'x']));
  }
  nodes.push(nodeDef('y', 'TensorListGetItem', ['list299', 'zero']));
  expect(() => readTensorFlow(graphOf(nodes))).toThrow(/more than 20,000,000 places/);
});
