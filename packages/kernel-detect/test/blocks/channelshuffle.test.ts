import { expect, test } from '@jest/globals';
import { stages, whyNot } from '../support/blocks.ts';
import { GraphBuilder } from '../support/graph.ts';

function shuffle(before: number[], grouped: number[], perm: number[], after = before) {
  const b = new GraphBuilder();
  const x = b.node('relu', [b.input('x', before)]);
  const split = b.node('reshape', [x], {
    shape: grouped,
    attributes: { shape: grouped },
    name: 'a',
  });
  const swapped = perm.map((axis) => grouped[axis]!);
  const turned = b.node('transpose', [split], { shape: swapped, attributes: { perm }, name: 'b' });
  const joined = b.node('reshape', [turned], {
    shape: after,
    attributes: { shape: after },
    name: 'c',
  });
  return b.result(joined).build();
}

test('channels first and channels last', () => {
  const first = shuffle([1, 116, 28, 28], [1, 2, 58, 28, 28], [0, 2, 1, 3, 4]);
  expect(stages(first)).toEqual(['relu', 'channelshuffle']);
  const last = shuffle([1, 28, 28, 116], [1, 28, 28, 2, 58], [0, 1, 2, 4, 3]);
  expect(stages(last)).toEqual(['relu', 'channelshuffle']);
});

test('an image channels last whose groups are channels first, as nn-Meter IR of ONNX models has it', () => {
  const mixed = shuffle([1, 28, 28, 116], [1, 2, 58, 28, 28], [0, 2, 1, 3, 4]);
  expect(stages(mixed)).toEqual(['relu', 'channelshuffle']);
  // The result is no image to the ONNX model, so that its channels are not moved.
  const left = shuffle([1, 28, 28, 116], [1, 2, 58, 28, 28], [0, 2, 1, 3, 4], [1, 116, 28, 28]);
  expect(stages(left)).toEqual(['relu', 'channelshuffle']);
});

test('why not', () => {
  const rotated = shuffle([1, 8, 4, 4], [1, 2, 4, 4, 4], [0, 2, 3, 1, 4]);
  expect(stages(rotated)).toEqual(['relu', 'reshape', 'transpose', 'reshape']);
  expect(whyNot(rotated, 'channelshuffle', 'a')).toBe('"b" does not swap two neighbouring axes');
  const flattened = shuffle([1, 8, 4, 4], [1, 2, 4, 4, 4], [0, 2, 1, 3, 4], [1, 128]);
  expect(whyNot(flattened, 'channelshuffle', 'a')).toBe('"c" does not restore the shape');
  const patches = shuffle([1, 16, 8, 4], [1, 8, 16, 4], [0, 2, 1, 3], [1, 512]);
  expect(whyNot(patches, 'channelshuffle', 'a')).toBe(
    '"a" does not split one axis into the two swapped',
  );
});
