import { describe, expect, test } from '@jest/globals';
import { graphToOnnx } from '@nnmeter/export-onnx';
import { readNnMeterIr, writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import {
  createGraph,
  type Graph,
  graphCost,
  NnMeterError,
  type Node,
  type Op,
  opRow,
  ops,
} from '@nnmeter/ir';
import { createPredictor } from '@nnmeter/predictor';
import adreno640 from '@nnmeter/predictor-adreno640';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import myriad from '@nnmeter/predictor-myriadvpu';
import fc from 'fast-check';

/** A node of any op with attributes and tensors that may not fit it, as a damaged file gives them. */
function nodeOf(
  op: Op,
  { numbers, number }: { readonly numbers: readonly number[]; readonly number: number },
  shapes: readonly (readonly number[] | undefined)[],
): Graph {
  const names = shapes.map((_, index) => (index === 0 ? 'x' : `w${index}`));
  const single: Record<string, unknown> = { flag: true, text: 'x' };
  for (const kind of ['real', 'integer', 'axis', 'resultAxis']) single[kind] = number;
  const attributes = Object.fromEntries(
    Object.entries(opRow(op).attributes).map(([name, { kind }]) => [name, single[kind] ?? numbers]),
  );
  const shape = (index: number) => shapes[index] && { shape: shapes[index] };
  return createGraph({
    name: 'damaged',
    nodes: [{ name: 'node', op, attributes, inputs: names, outputs: ['y'], sourceOp: op } as Node],
    tensors: [
      ...names.map((name, index) => ({
        name,
        kind: index === 0 ? ('input' as const) : ('constant' as const),
        dataType: 'float32' as const,
        ...shape(index),
      })),
      { name: 'y', kind: 'activation', dataType: 'int64', ...shape(0) },
    ],
    inputs: ['x'],
    outputs: ['y'],
  });
}

const number = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 1, 3, 0.5, 2 ** 60);
const values = fc.record({ number, numbers: fc.array(number, { maxLength: 8 }) });
const shape = fc.option(fc.array(fc.nat(4), { maxLength: 5 }), { nil: undefined });
const shapes = fc.array(shape, { minLength: 1, maxLength: 4 });

const predictors = [adreno640, cortexA76, myriad].map(createPredictor);

/** What the tools do with a graph; each may refuse it with an error of ours. */
const USES: Readonly<Record<string, (graph: Graph) => void>> = {
  export: graphToOnnx,
  'nn-Meter IR': (graph) => void readNnMeterIr(JSON.stringify(writeNnMeterIr(graph))),
  cost: graphCost,
  ...Object.fromEntries(
    predictors.map((predictor) => [
      predictor.name,
      (graph) => {
        const { latencyMs, interval, kernels } = predictor.predictGraph(graph);
        const all = [latencyMs, interval?.low ?? 0, ...kernels.map((kernel) => kernel.latencyMs)];
        expect(all.every((ms) => ms >= 0 && ms < Number.POSITIVE_INFINITY)).toBe(true);
      },
    ]),
  ),
};

describe('nodes with impossible numbers give finite answers or errors of ours', () => {
  test.each(ops)('%s', (op) => {
    fc.assert(
      fc.property(
        values,
        shapes,
        fc.constantFrom(...Object.keys(USES)),
        (attributes, operands, use) => {
          const graph = nodeOf(op, attributes, operands);
          try {
            USES[use]!(graph);
          } catch (error) {
            if (!(error instanceof NnMeterError)) throw error;
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
