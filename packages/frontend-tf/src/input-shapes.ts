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
  readonly #only: Shape | undefined;
  readonly #warn: (warning: string) => void;

  /** @throws NnMeterError E_INVALID_INPUT if a shape is given for an input that is not there. */
  constructor(
    placeholders: readonly string[],
    given: ReadOptions['inputShapes'],
    warn: (warning: string) => void,
  ) {
    this.#warn = warn;
    this.#only = Array.isArray(given) ? (given as Shape) : undefined;
    const entries =
      given === undefined || Array.isArray(given)
        ? []
        : Object.entries(given as Record<string, Shape>);
    this.#given = new Map(entries.map(([name, shape]) => [name.replace(/:0$/, ''), shape]));
    const listed = placeholders.map(quote).join(', ');
    for (const name of this.#given.keys()) {
      if (!placeholders.includes(name)) {
        throw new NnMeterError(
          'E_INVALID_INPUT',
          `there is no input ${quote(name)} to give a shape; the inputs are ${listed}`,
        );
      }
    }
    if (this.#only !== undefined && placeholders.length !== 1) {
      throw new NnMeterError(
        'E_INVALID_INPUT',
        `one input shape is given for ${placeholders.length} inputs; give them by name: ${listed}`,
      );
    }
  }

  /** @throws NnMeterError E_MISSING_DIMENSION naming input and dimension. */
  of(placeholder: TfNode): Shape {
    const given = this.#only ?? this.#given.get(placeholder.name);
    const declared =
      partialShape(placeholder.attributes.get('shape')?.shape) ??
      partialShape(placeholder.attributes.get('_output_shapes')?.list?.shape?.[0]);
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

function missingShape({ name }: TfNode): ErrorDetails {
  return { where: { input: name }, hint: inputShapeHint(name, [1, 224, 224, 3]) };
}
