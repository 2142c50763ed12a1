import { expect, test } from '@jest/globals';
import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';

test('100,000 nodes around one split with 50,000 results', () => {
  const entries: [string, object][] = [
    [
      'split',
      {
        attr: {
          type: 'Split',
          input_shape: [[1, 50_000]],
          output_shape: Array(50_000).fill([1, 1]),
        },
      },
    ],
  ];
  for (let i = 0; i < 100_000; i++) {
    entries.push([
      `relu${i}`,
      {
        inbounds: ['split'],
        attr: { type: 'Relu', input_shape: [[1, 1]], output_shape: [[1, 1]] },
      },
    ]);
  }
  const graph = readNnMeterIr(Object.fromEntries(entries));
  expect(graph.nodes).toHaveLength(100_001);
  expect(graph.node('relu75000')?.inputs).toEqual(['split:25000']);
});
