import { NnMeterError } from './errors.ts';
import { elementCount, type Shape } from './tensor.ts';

/**
 * Shape arithmetic shared by all frontends and builders. Every function is pure, works on fully known shapes and throws
 * `NnMeterError E_SHAPE` that says which numbers do not fit; the caller adds the node's name.
 */

/** The error about numbers that do not fit. */
export function mismatch(message: string): NnMeterError {
  return new NnMeterError('E_SHAPE', message);
}

/** A shape for messages: `[1, 64]`. */
export function show(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Turns a possibly negative axis into 0..rank-1. */
export function normalizeAxis(axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normalized < 0 || normalized >= Math.max(rank, 1)) {
    throw mismatch(`axis ${axis} is outside a tensor of rank ${rank}`);
  }
  return normalized;
}

/** NumPy broadcasting of any number of shapes. */
export function broadcastShapes(...shapes: readonly Shape[]): Shape {
  return broadcastAll(shapes);
}

/** As {@link broadcastShapes}, of lists too long to be arguments. */
export function broadcastAll(shapes: readonly Shape[]): Shape {
  let rank = 0;
  for (const shape of shapes) if (shape.length > rank) rank = shape.length;
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let axis = 0; axis < shape.length; axis++) {
      const target = rank - shape.length + axis;
      const extent = shape[axis]!;
      if (extent === 1 || extent === result[target]) continue;
      if (result[target] !== 1) {
        throw mismatch(`shapes ${shapes.map(show).join(' and ')} do not broadcast`);
      }
      result[target] = extent;
    }
  }
  return result;
}

/**
 * Output extent of a convolution or pooling window along one axis. With `ceilMode` the last window may hang over the
 * end but, as in ONNX and PyTorch, must start inside the input or its leading pad.
 */
export function windowExtent(
  input: number,
  window: {
    readonly kernel: number;
    readonly stride: number;
    readonly dilation?: number;
    readonly padBegin: number;
    readonly padEnd: number;
    readonly ceilMode?: boolean;
  },
): number {
  const { kernel, stride, dilation = 1, padBegin, padEnd, ceilMode = false } = window;
  if (stride < 1 || kernel < 1 || dilation < 1) {
    throw mismatch(
      `kernel ${kernel}, stride ${stride} and dilation ${dilation} must be at least 1`,
    );
  }
  const span = input + padBegin + padEnd - dilation * (kernel - 1) - 1;
  if (span < 0) {
    throw mismatch(
      `a window of ${dilation * (kernel - 1) + 1} does not fit an input of ${input} with pads ${padBegin} and ${padEnd}`,
    );
  }
  if (!ceilMode) return Math.floor(span / stride) + 1;
  const extent = Math.ceil(span / stride) + 1;
  return (extent - 1) * stride >= input + padBegin ? extent - 1 : extent;
}

/** Pads that make the output ceil(input / stride); the odd one goes to the end (`upper`, TensorFlow) or begin. */
export function samePads(
  input: number,
  window: { readonly kernel: number; readonly stride: number; readonly dilation?: number },
  odd: 'upper' | 'lower' = 'upper',
): readonly [begin: number, end: number] {
  const { kernel, stride, dilation = 1 } = window;
  if (stride < 1) throw mismatch(`stride ${stride} must be at least 1`);
  const output = Math.ceil(input / stride);
  const total = Math.max(0, (output - 1) * stride + dilation * (kernel - 1) + 1 - input);
  const small = Math.floor(total / 2);
  return odd === 'upper' ? [small, total - small] : [total - small, small];
}

/** Output extent of a transposed convolution along one axis. */
export function transposedWindowExtent(
  input: number,
  window: {
    readonly kernel: number;
    readonly stride: number;
    readonly dilation?: number;
    readonly padBegin: number;
    readonly padEnd: number;
    readonly outputPadding?: number;
  },
): number {
  const { kernel, stride, dilation = 1, padBegin, padEnd, outputPadding = 0 } = window;
  const extent =
    stride * (input - 1) + outputPadding + dilation * (kernel - 1) + 1 - padBegin - padEnd;
  if (extent < 0) throw mismatch(`pads ${padBegin} and ${padEnd} leave nothing of the output`);
  return extent;
}

/** Joins along an axis; all other extents must agree. */
export function concatShapes(shapes: readonly Shape[], axis: number): Shape {
  const [first, ...rest] = shapes;
  if (first === undefined) throw mismatch('nothing to concatenate');
  const along = normalizeAxis(axis, first.length);
  const result = [...first];
  for (const shape of rest) {
    const fits =
      shape.length === first.length &&
      shape.every((extent, index) => index === along || extent === first[index]);
    if (!fits)
      throw mismatch(`shapes ${shapes.map(show).join(', ')} do not concatenate on axis ${axis}`);
    result[along]! += shape[along]!;
  }
  return result;
}

/** Cuts along an axis into parts of the given extents, which must add up. */
export function splitShapes(input: Shape, axis: number, sizes: readonly number[]): Shape[] {
  const along = normalizeAxis(axis, input.length);
  if (sizes.reduce((sum, size) => sum + size, 0) !== input[along]) {
    throw mismatch(`${show(input)} does not split into ${show(sizes)} on axis ${axis}`);
  }
  return sizes.map((size) => input.map((extent, index) => (index === along ? size : extent)));
}

/** NumPy matmul: batch axes broadcast, 1-D operands are promoted and the added axis dropped. */
export function matMulShape(a: Shape, b: Shape): Shape {
  if (a.length === 0 || b.length === 0) throw mismatch('matmul of a scalar');
  const left = a.length === 1 ? [1, a[0]!] : a;
  const right = b.length === 1 ? [b[0]!, 1] : b;
  if (left[left.length - 1] !== right[right.length - 2]) {
    throw mismatch(`matmul of ${show(a)} by ${show(b)}: inner extents differ`);
  }
  const batch = broadcastShapes(left.slice(0, -2), right.slice(0, -2));
  const result = [...batch];
  if (a.length > 1) result.push(left[left.length - 2]!);
  if (b.length > 1) result.push(right[right.length - 1]!);
  return result;
}

/**
 * Resolves a reshape target: one -1 is inferred; 0 copies the input's extent where `zeroCopies` (ONNX without
 * allowzero).
 */
export function reshapeShape(input: Shape, target: readonly number[], zeroCopies: boolean): Shape {
  const result = target.map((extent, axis) => {
    if (extent !== 0 || !zeroCopies) return extent;
    const copied = input[axis];
    if (copied === undefined)
      throw mismatch(`reshape of ${show(input)} to ${show(target)}: no axis ${axis} to copy`);
    return copied;
  });
  const total = elementCount(input);
  const inferred = result.indexOf(-1);
  if (inferred >= 0) {
    const rest = result.reduce(
      (product, extent, axis) => (axis === inferred ? product : product * extent),
      1,
    );
    result[inferred] = rest === 0 ? 0 : total / rest;
  }
  if (
    result.some((extent) => !Number.isSafeInteger(extent) || extent < 0) ||
    elementCount(result) !== total
  ) {
    throw mismatch(`cannot reshape ${show(input)} to ${show(target)}`);
  }
  return result;
}

/** Removes or keeps as 1 the reduced axes; no axes means all. */
export function reduceShape(input: Shape, axes: readonly number[], keepDims: boolean): Shape {
  const reduced = new Set(
    axes.length === 0 ? input.keys() : axes.map((axis) => normalizeAxis(axis, input.length)),
  );
  return keepDims
    ? input.map((extent, axis) => (reduced.has(axis) ? 1 : extent))
    : input.filter((_, axis) => !reduced.has(axis));
}

/** Permutes axes; an empty permutation reverses them. */
export function transposeShape(input: Shape, perm: readonly number[]): Shape {
  if (perm.length === 0) return [...input].reverse();
  const axes = perm.map((axis) => normalizeAxis(axis, input.length));
  if (axes.length !== input.length || new Set(axes).size !== axes.length) {
    throw mismatch(`permutation ${show(perm)} does not fit ${show(input)}`);
  }
  return axes.map((axis) => input[axis]!);
}

/** Length of `range(input)[start:end:step]` with Python's clamping. */
export function sliceExtent(input: number, start: number, end: number, step: number): number {
  if (step === 0) throw mismatch('slice step 0');
  const clamp = (index: number, low: number, high: number): number =>
    Math.min(Math.max(index < 0 ? index + input : index, low), high);
  if (step > 0)
    return Math.max(0, Math.ceil((clamp(end, 0, input) - clamp(start, 0, input)) / step));
  return Math.max(0, Math.ceil((clamp(start, -1, input - 1) - clamp(end, -1, input - 1)) / -step));
}
