import { inputShapeHint, NnMeterError, quote, type ReadOptions, type Shape } from '@nnmeter/ir';
import type { StatedTensor } from './model.ts';

/** An input of the model, under all names that it goes by. */
export interface Input {
  readonly tensor: StatedTensor;
  /** The name in the graph, then others: in the signature, without TensorFlow's `:0`. */
  readonly names: readonly string[];
}

/**
 * The shapes of a model's inputs: the user's, or the file's. An unknown first extent is taken as a batch of 1, with a warning;
 * others must be given.
 * @throws NnMeterError E_INVALID_INPUT if a shape fits no input, E_MISSING_DIMENSION naming input and axis
 */
export function settleInputShapes(
  inputs: readonly Input[],
  given: ReadOptions['inputShapes'],
  warn: (warning: string) => void,
): Shape[] {
  const shapes = isShape(given) ? forOnly(inputs, given) : byName(inputs, given ?? {});
  return inputs.map((input, index) => {
    const shape = shapes[index];
    return shape === undefined ? statedShape(input, warn) : fitting(input, shape);
  });
}

function isShape(given: ReadOptions['inputShapes']): given is Shape {
  return Array.isArray(given);
}

function listed(inputs: readonly Input[]): string {
  return inputs.map(({ names }) => quote(names[0]!)).join(', ');
}

function forOnly(inputs: readonly Input[], shape: Shape): (Shape | undefined)[] {
  if (inputs.length === 1) return [shape];
  throw new NnMeterError(
    'E_INVALID_INPUT',
    `one input shape is given for ${inputs.length} inputs; give them by name: ${listed(inputs)}`,
  );
}

function byName(
  inputs: readonly Input[],
  given: Readonly<Record<string, Shape>>,
): (Shape | undefined)[] {
  const shapes: (Shape | undefined)[] = inputs.map(() => undefined);
  for (const [name, shape] of Object.entries(given)) {
    const index = inputs.findIndex(({ names }) => names.includes(name));
    if (index < 0) {
      throw new NnMeterError(
        'E_INVALID_INPUT',
        `there is no input ${quote(name)} to give a shape; the inputs are ${listed(inputs)}`,
      );
    }
    shapes[index] = shape;
  }
  return shapes;
}

function fitting({ names, tensor }: Input, shape: Shape): Shape {
  const rank = tensor.shape.length;
  const fits = shape.length === rank || !tensor.isRanked;
  if (fits && shape.every((extent) => Number.isSafeInteger(extent) && extent > 0)) return shape;
  throw new NnMeterError(
    'E_INVALID_INPUT',
    `the shape [${shape.join(', ')}] given for input ${quote(names[0]!)} does not fit: it needs ${rank} positive extents`,
  );
}

function statedShape({ names, tensor }: Input, warn: (warning: string) => void): Shape {
  const [name = ''] = names;
  const { shape, signature = shape } = tensor;
  const unknown = signature.findIndex((extent, axis) => extent < 0 && axis > 0);
  if (unknown > 0) {
    throw new NnMeterError(
      'E_MISSING_DIMENSION',
      `dimension ${unknown} of input ${quote(name)} [${signature.map((extent) => (extent < 0 ? '?' : extent)).join(', ')}] is unknown`,
      { where: { input: name }, hint: inputShapeHint(name, example(signature)) },
    );
  }
  if (signature[0] !== undefined && signature[0] < 0) {
    warn(`input ${quote(name)} has an unknown batch dimension; it is taken as 1`);
    return [1, ...shape.slice(1)];
  }
  return shape;
}

/** A batch of 1, sides of 224. */
function example(signature: readonly number[]): Shape {
  return signature.map((extent, axis) => (extent >= 0 ? extent : axis === 0 ? 1 : 224));
}
