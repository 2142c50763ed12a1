import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { inferOnnxShapes, readOnnxFile } from '@nnmeter/frontend-onnx';
import type { Graph } from '@nnmeter/ir';
import { hasShared, sharedPath } from '../../../tests/support/shared.ts';

const folder = sharedPath('models/onnx');
const models = hasShared ? readdirSync(folder).filter((file) => file.endsWith('.onnx')) : [];

/** In the ShuffleNets onnx 1.12 lost even the rank of slices and what follows, and wrote `[]` for them. */
function isLost(file: string, shape: number[]): boolean {
  return file.startsWith('shufflenet') && shape.length === 0;
}

function shapelessTensors(graph: Graph): string[] {
  return [...graph.tensors.values()]
    .filter((tensor) => tensor.shape === undefined)
    .map((tensor) => tensor.name);
}

(models.length > 0 ? describe : describe.skip)('models of ../shared (skipped: absent)', () => {
  test.each(models)('%s: every shape equals the reference of the onnx library', async (file) => {
    const path = join(folder, file);
    const reference: { shapes: Record<string, number[] | null>; nodes: number } = JSON.parse(
      readFileSync(path.replace('.onnx', '.shapes.json'), 'utf8'),
    );
    const known = Object.entries(reference.shapes).filter(
      (pair): pair is [string, number[]] => pair[1] !== null && !isLost(file, pair[1]),
    );
    const shapes = inferOnnxShapes(readFileSync(path));
    expect(Object.fromEntries(known.map(([name]) => [name, shapes.get(name)]))).toEqual(
      Object.fromEntries(known),
    );
    expect(known.length).toBeGreaterThan(reference.nodes / 2);
    expect(shapes.size).toBeGreaterThanOrEqual(Object.keys(reference.shapes).length);

    const graph = await readOnnxFile(path);
    expect(graph.warnings).toEqual([]);
    expect(shapelessTensors(graph)).toEqual([]);
    expect(graph.tensor(graph.outputs[0]!).shape).toEqual([1, 1000]);
  });
});
