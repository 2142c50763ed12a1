import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('the JSON of the README is a network', () => {
  const json = /```json\n([\s\S]*?)```/.exec(readme)![1];
  const graph = readNnMeterIr(json);
  expect(graph.node('conv')?.attributes).toMatchObject({ strides: [2, 2], pads: [0, 0, 1, 1] });
});
