import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readNniIr } from '@nnmeter/frontend-nni';
import { type Graph, graphCost } from '@nnmeter/ir';

/** Written by NNI 2.10.1 itself: see fixtures/make-nni-fixtures.py. */
const read = (name: string): Graph =>
  readNniIr(readFileSync(join(import.meta.dirname, `../../../fixtures/nni/${name}.json`)));

/** Every node with the shapes of what it computes, in no particular order. */
const work = (graph: Graph): string[] =>
  graph.nodes
    .map(({ op, outputs }) => `${op} ${outputs.map((name) => graph.tensor(name).shape)}`)
    .sort();

/** Of `fixtures/nni/single_path.json`, by PyTorch's own counter (torch.utils.flop_counter). */
const SINGLE_PATH_MACS = 2_265_728;

describe.each(['single_path', 'single_path.flat'])('%s', (name) => {
  const graph = read(name);

  test('is read to the last node, without sizes and their arithmetic', () => {
    expect(graph.nodes.filter(({ op }) => op === 'custom')).toEqual([]);
    expect([...graph.tensors.values()].filter(({ shape }) => shape === undefined)).toEqual([]);
    expect(graphCost(graph).macs).toBe(SINGLE_PATH_MACS);
    const ops = graph.nodes.map(({ op }) => op);
    expect(ops).not.toContain('div');
    expect(ops).not.toContain('mul');
    expect(ops.filter((op) => op === 'gather')).toHaveLength(2);
  });
});

test('a flattened model, without the edges between its cells, does the work of the nested one', () => {
  const [nested, flat] = [read('single_path'), read('single_path.flat')];
  expect(work(flat)).toEqual(work(nested));
  expect(nested.warnings).toEqual([]);
  expect(flat.warnings).toEqual([expect.stringMatching(/no edge leads to \d+ operands/)]);
});

test('the halves that a model selects are told apart by their index', () => {
  const graph = read('single_path');
  const indices = graph.nodes
    .filter(({ op }) => op === 'gather')
    .map(({ inputs }) => graph.tensor(inputs[1]!));
  expect(indices.map(({ values }) => values?.[0]).sort()).toEqual([0, 1]);
  expect(indices[0]).toMatchObject({ kind: 'constant', dataType: 'int64', shape: [] });
});

describe.each(['choices', 'choices.flat'])('open choices: %s', (name) => {
  const graph = read(name);

  test('the first candidate is costed, and the warnings say so', () => {
    const windows = graph.nodes.flatMap((node) =>
      node.op === 'conv' ? [node.attributes.kernelShape] : [],
    );
    expect(windows).toEqual([
      [3, 3],
      [3, 3],
    ]);
    expect(graph.nodes.map(({ op }) => op).sort()).toEqual(['conv', 'conv', 'fc', 'gap', 'relu']);
    expect(graph.warnings).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/choice "l" between 2 layers is open: its first candidate/),
        expect.stringMatching(/choice "skip" between 2 inputs is open: the first/),
      ]),
    );
  });
});
