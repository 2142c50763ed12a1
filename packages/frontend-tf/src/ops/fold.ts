import { broadcastShapes, elementCount, type Shape, type Tensor } from '@nnmeter/ir';
import type { SettledNode } from '../settle-shapes.ts';

/** Numbers of a shape computation with their shape. */
interface Values {
  readonly shape: Shape;
  readonly values: readonly number[];
}

/** Looked up by names out of files, which are no keys of objects. */
const BINARY = new Map<string, (a: number, b: number) => number>(
  Object.entries({
    Add: (a, b) => a + b,
    AddV2: (a, b) => a + b,
    Sub: (a, b) => a - b,
    Mul: (a, b) => a * b,
    RealDiv: (a, b) => a / b,
    Div: (a, b) => a / b,
    FloorDiv: (a, b) => Math.floor(a / b),
    TruncateDiv: (a, b) => Math.trunc(a / b),
    FloorMod: (a, b) => a - b * Math.floor(a / b),
    Maximum: Math.max,
    Minimum: Math.min,
    Pow: (a, b) => a ** b,
    Equal: (a, b) => Number(a === b),
    NotEqual: (a, b) => Number(a !== b),
    Greater: (a, b) => Number(a > b),
    GreaterEqual: (a, b) => Number(a >= b),
    Less: (a, b) => Number(a < b),
    LessEqual: (a, b) => Number(a <= b),
    LogicalAnd: (a, b) => Number(a !== 0 && b !== 0),
    LogicalOr: (a, b) => Number(a !== 0 || b !== 0),
  }),
);

const UNARY = new Map<string, (a: number) => number>(
  Object.entries({
    Neg: (a) => -a,
    Abs: Math.abs,
    Floor: Math.floor,
    Ceil: Math.ceil,
    Round: Math.round,
    Sqrt: Math.sqrt,
    Rsqrt: (a) => 1 / Math.sqrt(a),
    Square: (a) => a * a,
    Reciprocal: (a) => 1 / a,
    LogicalNot: (a) => Number(a === 0),
  }),
);

const REDUCTIONS = new Map<string, (values: readonly number[]) => number>(
  Object.entries({
    Prod: (values) => values.reduce((a, b) => a * b, 1),
    Sum: (values) => values.reduce((a, b) => a + b, 0),
    Max: (values) => Math.max(...values),
    Min: (values) => Math.min(...values),
    All: (values) => Number(values.every((value) => value !== 0)),
    Any: (values) => Number(values.some((value) => value !== 0)),
  }),
);

/**
 * Computes an op on small constants, as shape computations need: one entry a result, undefined if the op is not one of
 * theirs. `shapes` are those of the results by the op's own rule, `node` is what the op becomes.
 */
export function foldValues(
  op: string,
  inputs: readonly Tensor[],
  shapes: readonly Shape[],
  node: SettledNode,
): readonly (readonly number[] | undefined)[] {
  const operands: Values[] = [];
  for (const input of inputs) {
    if (input.values === undefined || input.shape === undefined) return [];
    operands.push({ shape: input.shape, values: input.values });
  }
  if (node.op === 'split') return splitValues(operands[node.operands?.[0] ?? 0], shapes);
  if (node.op === 'concat') return [joinValues(operands, node, shapes[0] ?? [])];
  const slice = node.op === 'slice' ? node.attributes : undefined;
  return [foldResult(op, operands, shapes[0] ?? [], slice)?.values];
}

/** Parts of a list; of what has more axes only the shapes are needed. */
function splitValues(
  whole: Values | undefined,
  shapes: readonly Shape[],
): readonly (readonly number[])[] {
  if (whole?.shape.length !== 1) return [];
  const { values } = whole;
  let end = 0;
  return shapes.map((shape) => {
    const start = end;
    end += elementCount(shape);
    return values.slice(start, end);
  });
}

/** Tensors side by side along an axis that they have, or along a new one. */
function joinValues(
  operands: readonly Values[],
  node: Extract<SettledNode, { op: 'concat' }>,
  shape: Shape,
): readonly number[] {
  const { axis } = node.attributes;
  const parts = node.operands?.map((index) => operands[index]!) ?? operands;
  const rows = elementCount(shape.slice(0, axis));
  return Array.from({ length: rows }, (_, row) =>
    parts.flatMap(({ values }) => {
      const width = values.length / rows;
      return values.slice(row * width, (row + 1) * width);
    }),
  ).flat();
}

function foldResult(
  op: string,
  operands: readonly Values[],
  shape: Shape,
  slice: SliceOf | undefined,
): Values | undefined {
  const [a, b] = operands;
  if (a === undefined) return undefined;
  const flat = (values: readonly number[]): Values | undefined =>
    values.length === elementCount(shape) ? { shape, values } : undefined;
  const binary = BINARY.get(op);
  if (binary !== undefined && b !== undefined) return elementwise(a, b, binary);
  const unary = UNARY.get(op);
  if (unary !== undefined) return { shape: a.shape, values: a.values.map(unary) };
  const reduce = REDUCTIONS.get(op);
  if (reduce !== undefined)
    return elementCount(shape) === 1 ? { shape, values: [reduce(a.values)] } : undefined;
  switch (op) {
    case 'Cast':
    case 'Reshape':
    case 'Squeeze':
    case 'ExpandDims':
      return flat(a.values);
    case 'GatherV2':
    case 'Gather':
      return a.shape.length === 1 && b !== undefined
        ? flat(b.values.map((index) => a.values[index < 0 ? index + a.values.length : index] ?? 0))
        : undefined;
    case 'StridedSlice':
    case 'Slice':
      return a.shape.length === 1 && slice !== undefined
        ? flat(sliceValues(a.values, slice, elementCount(shape)))
        : undefined;
    case 'Tile':
    case 'BroadcastTo':
      return a.values.length === 1 && elementCount(shape) <= 64
        ? { shape, values: new Array<number>(elementCount(shape)).fill(a.values[0]!) }
        : undefined;
    case 'Select':
    case 'SelectV2':
      return a.values.length === 1 ? operands[a.values[0] === 0 ? 2 : 1] : undefined;
    default:
      return undefined;
  }
}

interface SliceOf {
  readonly starts: readonly number[];
  readonly steps: readonly number[];
}

function sliceValues(
  values: readonly number[],
  { starts, steps }: SliceOf,
  count: number,
): number[] {
  const start = starts[0] ?? 0;
  const step = steps[0] ?? 1;
  const first = Math.min(
    Math.max(start < 0 ? start + values.length : start, 0),
    Math.max(values.length - 1, 0),
  );
  return Array.from({ length: count }, (_, index) => values[first + index * step] ?? 0);
}

function elementwise(
  a: Values,
  b: Values,
  compute: (a: number, b: number) => number,
): Values | undefined {
  const shape = broadcastShapes(a.shape, b.shape);
  const count = elementCount(shape);
  if (a.values.length !== 1 && b.values.length !== 1 && a.shape.join() !== b.shape.join())
    return undefined;
  if (count > 64) return undefined;
  const pick = (operand: Values, index: number): number =>
    operand.values[operand.values.length === 1 ? 0 : index]!;
  return {
    shape,
    values: Array.from({ length: count }, (_, index) => compute(pick(a, index), pick(b, index))),
  };
}
