import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { inferOnnxShapes, readOnnx } from '@nnmeter/frontend-onnx';
import type { Shape } from '@nnmeter/ir';

const folder = join(import.meta.dirname, '../../../fixtures/onnx');
const models = readdirSync(folder).filter((file) => file.endsWith('.onnx'));

/** Shapes given to the inputs of models with open dimensions, as in fixtures/make-onnx-fixtures.py. */
const INPUT_SHAPES: Record<string, Shape> = {
  'dynamic_segmenter.onnx': [2, 3, 96, 128],
  'dynamic_lstm.onnx': [3, 17],
};

describe.each(models)('%s', (file) => {
  const bytes = readFileSync(join(folder, file));
  const given = INPUT_SHAPES[file];
  const options = given === undefined ? {} : { inputShapes: given };
  const reference: Record<string, number[] | null> = JSON.parse(
    readFileSync(join(folder, file.replace('.onnx', '.shapes.json')), 'utf8'),
  );

  test('every shape equals the reference of the onnx library', () => {
    const shapes = inferOnnxShapes(bytes, options);
    const known = Object.entries(reference).filter(([, shape]) => shape !== null);
    expect(Object.fromEntries(known.map(([name]) => [name, shapes.get(name)]))).toEqual(
      Object.fromEntries(known),
    );
    expect(known.length).toBeGreaterThan(Object.keys(reference).length / 2);
  });

  test('the graph has a shape for every tensor', () => {
    const graph = readOnnx(bytes, options);
    expect([...graph.tensors.values()].filter((tensor) => tensor.shape === undefined)).toEqual([]);
    expect(graph.nodes.length).toBeGreaterThan(0);
  });
});
