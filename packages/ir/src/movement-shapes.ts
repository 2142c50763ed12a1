import { mismatch, normalizeAxis, show, sliceExtent } from './shape-rules.ts';
import type { Shape } from './tensor.ts';

/** The shape of slices along some axes; others stay. */
export function sliceShape(
  input: Shape,
  slice: {
    readonly starts: readonly number[];
    readonly ends: readonly number[];
    readonly axes: readonly number[];
    readonly steps: readonly number[];
  },
): Shape {
  const shape = [...input];
  slice.axes.forEach((stated, index) => {
    const axis = normalizeAxis(stated, shape.length);
    const { starts, ends, steps } = slice;
    shape[axis] = sliceExtent(shape[axis]!, starts[index]!, ends[index]!, steps[index] ?? 1);
  });
  return shape;
}

/** Adds begins, then ends, to every axis; negative pads cut. */
export function padShape(input: Shape, pads: readonly number[]): Shape {
  const shape = input.map(
    (extent, axis) => extent + (pads[axis] ?? 0) + (pads[input.length + axis] ?? 0),
  );
  if (shape.some((extent) => extent < 0)) {
    throw mismatch(`pads [${pads.join(', ')}] leave nothing of the input`);
  }
  return shape;
}

/** Repeats every axis. */
export function tileShape(input: Shape, repeats: readonly number[]): Shape {
  if (repeats.length !== input.length) {
    throw mismatch(`${repeats.length} repeats do not fit rank ${input.length}`);
  }
  return input.map((extent, axis) => extent * repeats[axis]!);
}

/** ONNX's Gather, GatherElements (`elements`) and GatherND (`nd`), of which the first axes may be batch axes. */
export function gatherShape(
  data: Shape,
  indices: Shape,
  how: {
    readonly axis: number;
    readonly indexing?: string | undefined;
    readonly batchAxes?: number | undefined;
  },
): Shape {
  const { axis: stated, indexing, batchAxes = 0 } = how;
  if (indexing === 'elements') return indices;
  if (indexing === 'nd') {
    const addressed = batchAxes + (indices.at(-1) ?? 0);
    if (indices.length === 0 || addressed > data.length) {
      throw mismatch(`indices of shape ${show(indices)} do not address ${show(data)}`);
    }
    return [...indices.slice(0, -1), ...data.slice(addressed)];
  }
  const axis = normalizeAxis(stated, data.length);
  return [...data.slice(0, axis), ...indices.slice(batchAxes), ...data.slice(axis + 1)];
}
