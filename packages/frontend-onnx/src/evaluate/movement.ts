import { normalizeAxis } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { readSlice } from '../ops/slicing.ts';
import { broadcastPosition, mapCoordinates, stridesOf } from './indices.ts';
import type { Evaluator } from './table.ts';

const copy: Evaluator = (call) => [call.values(0)];

/** Output elements taken from input 0 at coordinates computed from the output's. */
function picking(
  source: (call: Call) => (coordinates: readonly number[]) => readonly number[],
): Evaluator {
  return (call, [output]) => {
    const values = call.values(0);
    const strides = stridesOf(call.shape(0));
    const from = source(call);
    return [
      mapCoordinates(output!, (coordinates) => {
        const at = from(coordinates);
        return values[strides.reduce((sum, stride, axis) => sum + stride * at[axis]!, 0)]!;
      }),
    ];
  };
}

const slice = picking((call) => {
  const input = call.shape(0);
  const { axes, starts, steps } = readSlice(call, input.length);
  return (coordinates) => {
    const at = [...coordinates];
    axes.forEach((axis, index) => {
      const extent = input[axis]!;
      const start = starts[index]! < 0 ? starts[index]! + extent : starts[index]!;
      const highest = steps[index]! > 0 ? extent : extent - 1;
      at[axis] = Math.min(Math.max(start, 0), highest) + coordinates[axis]! * steps[index]!;
    });
    return at;
  };
});

const gather = picking((call) => {
  const input = call.shape(0);
  const axis = normalizeAxis(call.int('axis', 0), input.length);
  const indices = call.values(1);
  const indexShape = call.shape(1);
  const extent = input[axis]!;
  return (coordinates) => {
    const index =
      indices[broadcastPosition(indexShape, coordinates.slice(axis, axis + indexShape.length))]!;
    return [
      ...coordinates.slice(0, axis),
      index < 0 ? index + extent : index,
      ...coordinates.slice(axis + indexShape.length),
    ];
  };
});

const transpose = picking((call) => {
  const rank = call.shape(0).length;
  const perm = call.ints('perm') ?? call.shape(0).map((_, axis) => rank - 1 - axis);
  return (coordinates) => {
    const at = new Array<number>(rank);
    perm.forEach((from, axis) => {
      at[from] = coordinates[axis]!;
    });
    return at;
  };
});

const tile = picking((call) => {
  const input = call.shape(0);
  return (coordinates) => coordinates.map((coordinate, axis) => coordinate % input[axis]!);
});

const expand: Evaluator = (call, [output]) => {
  const values = call.values(0);
  const shape = call.shape(0);
  return [mapCoordinates(output!, (coordinates) => values[broadcastPosition(shape, coordinates)]!)];
};

const concat: Evaluator = (call, [output]) => {
  const axis = normalizeAxis(call.int('axis', 1), output!.length);
  const parts = call.inputs.map((_, index) => ({
    extent: call.shape(index)[axis]!,
    strides: stridesOf(call.shape(index)),
    values: call.values(index),
  }));
  return [
    mapCoordinates(output!, (coordinates) => {
      const at = [...coordinates];
      const part = parts.find(({ extent }) => {
        if (at[axis]! < extent) return true;
        at[axis]! -= extent;
        return false;
      })!;
      return part.values[
        part.strides.reduce((sum, stride, index) => sum + stride * at[index]!, 0)
      ]!;
    }),
  ];
};

const split: Evaluator = (call, outputs) => {
  const strides = stridesOf(call.shape(0));
  const values = call.values(0);
  const axis = normalizeAxis(call.int('axis', 0), strides.length);
  let start = 0;
  return outputs.map((output) => {
    const offset = start;
    start += output[axis]!;
    return mapCoordinates(
      output,
      (coordinates) =>
        values[
          strides.reduce(
            (sum, stride, index) =>
              sum + stride * (coordinates[index]! + (index === axis ? offset : 0)),
            0,
          )
        ]!,
    );
  });
};

export const movementEvaluators: Readonly<Record<string, Evaluator>> = {
  Reshape: copy,
  Flatten: copy,
  Squeeze: copy,
  Unsqueeze: copy,
  Slice: slice,
  Gather: gather,
  Transpose: transpose,
  Tile: tile,
  Expand: expand,
  Concat: concat,
  Split: split,
};
