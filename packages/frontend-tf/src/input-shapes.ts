import {
  type ErrorDetails,
  inputShapeHint,
  NnMeterError,
  quote,
  type ReadOptions,
  type Shape,
} from '@nnmeter/ir';
import type { TfNode } from './flatten.ts';
import { partialShape } from './tensor-value.ts';

/**
 * The shape of every placeholder: the user's, or the model's. An unknown first dimension is taken as a batch of 1, with
 * a warning; any other must be given.
 */
export class InputShapes {
  readonly #given: ReadonlyMap<string, Shape>;
  readonly #warn: (warning: string) => void;

  /** @throws NnMeterError E_INVALID_INPUT if a shape is given for an input that is not there. */
  constructor(
    placeholders: readonly TfNode[],
    given: ReadOptions['inputShapes'],
    warn: (warning: string) => void,
  ) {
    this.#warn = warn;
    const listed = placeholders.map(({ name }) => quote(name)).join(', ');
    if (isShape(given)) {
      // Flags and rates are inputs too, but scalars.
      const images = placeholders.filter((node) => declaredShape(node)?.length !== 0);
      const [only] = images;
      if (only === undefined || images.length > 1) {
        throw new NnMeterError(
          'E_INVALID_INPUT',
          `one input shape is given for ${images.length} inputs; give them by name: ${listed}`,
        );
      }
      this.#given = new Map([[only.name, given]]);
      return;
    }
    this.#given = new Map(
      Object.entries(given ?? {}).map(([name, shape]) => [name.replace(/:0$/, ''), shape]),
    );
    for (const name of this.#given.keys()) {
      if (!placeholders.some((node) => node.name === name)) {
        throw new NnMeterError(
          'E_INVALID_INPUT',
          `there is no input ${quote(name)} to give a shape; the inputs are ${listed}`,
        );
      }
    }
  }

  /** @throws NnMeterError E_MISSING_DIMENSION naming input and dimension. */
  of(placeholder: TfNode): Shape {
    const given = this.#given.get(placeholder.name);
    const declared = declaredShape(placeholder);
    if (given !== undefined) {
      const fits =
        declared === undefined || declared.length === 0 || declared.length === given.length;
      if (!fits || given.some((extent) => !Number.isSafeInteger(extent) || extent < 1)) {
        throw new NnMeterError(
          'E_INVALID_INPUT',
          `the shape [${given.join(', ')}] given for input ${quote(placeholder.name)} does not fit [${declared?.join(', ') ?? ''}]: it needs ${declared?.length ?? 'some'} positive dimensions`,
        );
      }
      return given;
    }
    if (declared === undefined) {
      throw new NnMeterError(
        'E_MISSING_DIMENSION',
        `input ${quote(placeholder.name)} has no shape in the model`,
        missingShape(placeholder),
      );
    }
    return declared.map((extent, axis) => {
      if (extent >= 0) return extent;
      if (axis > 0) {
        throw new NnMeterError(
          'E_MISSING_DIMENSION',
          `dimension ${axis} of input ${quote(placeholder.name)} [${declared.map((d) => (d < 0 ? '?' : d)).join(', ')}] is unknown`,
          missingShape(placeholder),
        );
      }
      this.#warn(
        `input ${quote(placeholder.name)} has an unknown batch dimension; it is taken as 1`,
      );
      return 1;
    });
  }
}

function isShape(given: ReadOptions['inputShapes']): given is Shape {
  return Array.isArray(given);
}

/** With -1 for unknown dimensions. */
function declaredShape({ attributes }: TfNode): readonly number[] | undefined {
  return (
    partialShape(attributes.get('shape')?.shape) ??
    partialShape(attributes.get('_output_shapes')?.list?.shape?.[0])
  );
}

function missingShape({ name }: TfNode): ErrorDetails {
  return { where: { input: name }, hint: inputShapeHint(name, [1, 224, 224, 3]) };
}
