import type { Graph, Op } from '@nnmeter/ir';
import fc from 'fast-check';
import { GraphBuilder } from './graph.ts';

export const UNARY = [
  'bn',
  'relu',
  'sigmoid',
  'softmax',
  'erf',
  'gap',
  'reshape',
  'transpose',
] as const;
export const BINARY = ['add', 'mul', 'matmul', 'concat', 'sub', 'div'] as const;
const ATTRIBUTES: Partial<Record<Op, object>> = {
  relu: { max: 6 },
  transpose: { perm: [0, 2, 1, 3] },
  softmax: { axis: 3 },
  gap: { axes: [2, 3], keepDims: true },
};

/** Any network of these ops: each node reads nodes before it, several readers and loose ends included. */
export const networks = fc
  .array(
    fc.record({
      kind: fc.constantFrom('conv', 'slice', 'constant', ...UNARY, ...BINARY),
      from: fc.nat(),
      other: fc.nat(),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .chain((steps) =>
    fc.record({ steps: fc.constant(steps), results: fc.subarray([...steps.keys()]) }),
  )
  .map(({ steps, results }): Graph => {
    const b = new GraphBuilder();
    const tensors = [b.input('x')];
    for (const { kind, from, other } of steps) {
      // Near the end, so that chains come about.
      const one = tensors[Math.max(0, tensors.length - 1 - (from % 4))]!;
      const two = tensors[other % tensors.length]!;
      if (kind === 'conv') tensors.push(b.conv(one, { kernel: 1 }));
      else if (kind === 'constant') tensors.push(b.node('add', [one, b.scalar(3)]));
      else if (kind === 'slice') {
        const start = 8 * (other % 2);
        const attributes = { axes: [1], starts: [start], ends: [start + 8], steps: [1] };
        tensors.push(b.node('slice', [one], { attributes }));
      } else {
        const inputs = (BINARY as readonly string[]).includes(kind) ? [one, two] : [one];
        tensors.push(b.node(kind, inputs, { attributes: (ATTRIBUTES[kind] ?? {}) as never }));
      }
    }
    return b.result(tensors.at(-1)!, ...results.map((step) => tensors[step + 1]!)).build();
  });
