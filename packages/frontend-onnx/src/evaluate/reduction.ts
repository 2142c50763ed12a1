import { normalizeAxis } from '@nnmeter/ir';
import { mapCoordinates, stridesOf } from './indices.ts';
import type { Evaluator } from './table.ts';

function reducing(combine: (values: readonly number[]) => number): Evaluator {
  return (call, [output]) => {
    const input = call.shape(0);
    const given = call.intsOrInput('axes', 1) ?? [];
    const reduced = new Set(
      given.length > 0
        ? given.map((axis) => normalizeAxis(axis, input.length))
        : input.map((_, axis) => axis),
    );
    const kept = input.map((extent, axis) => (reduced.has(axis) ? 1 : extent));
    const strides = stridesOf(kept);
    const groups: number[][] = Array.from({ length: output!.reduce((a, b) => a * b, 1) }, () => []);
    let next = 0;
    mapCoordinates(input, (coordinates) => {
      const group = strides.reduce(
        (sum, stride, axis) => sum + (reduced.has(axis) ? 0 : stride * coordinates[axis]!),
        0,
      );
      groups[group]!.push(call.values(0)[next++]!);
    });
    return [groups.map(combine)];
  };
}

export const reductionEvaluators: Readonly<Record<string, Evaluator>> = {
  ReduceProd: reducing((values) => values.reduce((a, b) => a * b, 1)),
  ReduceSum: reducing((values) => values.reduce((a, b) => a + b, 0)),
  ReduceMax: reducing((values) => Math.max(...values)),
  ReduceMin: reducing((values) => Math.min(...values)),
};
