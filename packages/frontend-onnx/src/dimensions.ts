import { inputShapeHint, NnMeterError, quote, type ReadOptions, type Shape } from '@nnmeter/ir';
import { type DimensionProto, type TypeProto, toNumber, type ValueInfoProto } from './model.ts';
import type { Warnings } from './warnings.ts';

/** Extent of a declared dimension, its symbol, or undefined if it is anonymous. */
type Dimension = number | string | undefined;

/** Fed by the user: its shape, or the error to raise if the shape turns out to be needed. */
export interface InputShape {
  readonly shape: Shape | undefined;
  readonly missingShape: NnMeterError | undefined;
}

/**
 * Settles the dimensions that a model leaves open: by the user's input shapes, where they name the same symbol, and a
 * leading (batch) dimension as 1, with a warning.
 */
export class Dimensions {
  readonly #symbols = new Map<string, number>();
  /** The symbols in the shapes of inputs. */
  readonly #names: ReadonlySet<string>;
  readonly #given: ReadonlyMap<string, Shape>;
  readonly #warnings: Warnings;
  /** Whether a given shape contradicts the file, whose other declared shapes are then no longer true. */
  #isOverridden = false;

  constructor(
    inputs: readonly ValueInfoProto[],
    { inputShapes, dimensions = {} }: Pick<ReadOptions, 'inputShapes' | 'dimensions'>,
    warnings: Warnings,
  ) {
    this.#warnings = warnings;
    this.#given = readInputShapes(inputs, inputShapes);
    this.#names = new Set(
      inputs
        .flatMap(({ type }) => declaredDimensions(type) ?? [])
        .filter((dimension) => typeof dimension === 'string'),
    );
    for (const [name, extent] of Object.entries(dimensions)) {
      checkDimension(name, extent, this.#names);
      this.#symbols.set(name, extent);
    }
    for (const input of inputs) {
      const given = this.#given.get(input.name ?? '');
      declaredDimensions(input.type)?.forEach((dimension, axis) => {
        if (given === undefined) return;
        if (typeof dimension === 'string') this.#symbols.set(dimension, given[axis]!);
        else if (dimension !== undefined && dimension !== given[axis]) this.#isOverridden = true;
      });
    }
    for (const input of inputs) {
      if (!this.#given.has(input.name ?? '')) this.#assumeBatch(input);
    }
  }

  /** The named dimensions of the inputs whose extents are known. */
  get named(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#symbols].filter(([name]) => this.#names.has(name)));
  }

  /** The shape of an input of the model. */
  input(info: ValueInfoProto): InputShape {
    const name = info.name ?? '';
    const given = this.#given.get(name);
    if (given !== undefined) return { shape: given, missingShape: undefined };
    const declared = declaredDimensions(info.type);
    if (declared === undefined) {
      const missingShape = info.type?.tensorType
        ? missingDimension(name, 'does not say its shape', [1, 3, 224, 224])
        : undefined;
      return { shape: undefined, missingShape };
    }
    const shape = declared.map(
      (dimension, axis) =>
        this.#resolve(dimension) ?? (axis === 0 && isBatch(declared) ? 1 : undefined),
    );
    const open = shape.indexOf(undefined);
    if (open < 0) return { shape: shape as Shape, missingShape: undefined };
    const shown = list(declared.map((dimension) => cut(String(dimension ?? '?'))));
    const missingShape = missingDimension(
      name,
      `has ${typeof declared[open] === 'string' ? `the symbolic dimension ${quote(declared[open])}` : 'an unknown dimension'} (axis ${open} of [${shown}])`,
      shape.map((extent) => extent ?? (declared.length === 4 ? 224 : 128)),
    );
    return { shape: undefined, missingShape };
  }

  #assumeBatch(input: ValueInfoProto): void {
    const declared = declaredDimensions(input.type) ?? [];
    const [batch] = declared;
    if (!isBatch(declared) || this.#resolve(batch) !== undefined) return;
    const symbol = batch === undefined ? '' : ` ${quote(String(batch))}`;
    if (typeof batch === 'string') this.#symbols.set(batch, 1);
    this.#warnings.add(
      `input ${quote(input.name ?? '')}: its first dimension${symbol} is open and taken as 1 (batch); give the input's shape for another`,
    );
  }

  #resolve(dimension: Dimension): number | undefined {
    return typeof dimension === 'string' ? this.#symbols.get(dimension) : dimension;
  }

  /** A declared shape, if all of it is known and still true. */
  declared(type: TypeProto | null | undefined): Shape | undefined {
    if (this.#isOverridden) return undefined;
    const shape = declaredDimensions(type)?.map((dimension) => this.#resolve(dimension));
    return shape?.every((extent) => extent !== undefined) ? shape : undefined;
  }
}

function declaredDimensions(type: TypeProto | null | undefined): readonly Dimension[] | undefined {
  return type?.tensorType?.shape?.dim?.map(readDimension);
}

/** Whether the first dimension is a batch by its place, unless its name says otherwise. */
function isBatch(declared: readonly Dimension[]): boolean {
  return declared.length >= 2 && !/seq|len|time|token/i.test(String(declared[0]));
}

/**
 * Exporters write an open dimension as a symbol, as nothing, as -1 or as 0. ONNX knows no placeholder of value 0 (it is an
 * empty tensor), but Paddle2ONNX (its issue 53) and keras-onnx before 1.7 (its pull request 480) wrote it for sizes that are
 * open, and no network is made for empty inputs.
 */
function readDimension(dimension: DimensionProto): Dimension {
  if (dimension.dimParam) return dimension.dimParam;
  const extent = toNumber(dimension.dimValue);
  return extent === 0 || extent === -1 ? undefined : extent;
}

function missingDimension(name: string, what: string, example: Shape): NnMeterError {
  return new NnMeterError('E_MISSING_DIMENSION', `input ${quote(name)} ${what}`, {
    where: { input: name },
    hint: inputShapeHint(name, example),
  });
}

function readInputShapes(
  inputs: readonly ValueInfoProto[],
  option: ReadOptions['inputShapes'],
): ReadonlyMap<string, Shape> {
  if (option === undefined) return new Map();
  const names = inputs.map((input) => input.name ?? '');
  if (isShape(option) && names.length !== 1) {
    throw invalid(
      `one shape is given for the ${names.length} inputs ${quoted(names)}; give one per name`,
    );
  }
  const given = isShape(option) ? new Map([[names[0]!, option]]) : new Map(Object.entries(option));
  for (const [name, shape] of given) {
    const input = inputs.find((candidate) => candidate.name === name);
    if (input === undefined) {
      throw invalid(`the model has no input ${quote(name)}; its inputs are ${quoted(names)}`);
    }
    if (!isShape(shape) || shape.some((extent) => !Number.isSafeInteger(extent) || extent < 1)) {
      throw invalid(`the shape given for input ${quote(name)} is not a list of positive integers`);
    }
    const declared = declaredDimensions(input.type);
    if (declared !== undefined && declared.length !== shape.length) {
      throw invalid(
        `the shape [${list(shape)}] given for input ${quote(name)} has ${shape.length} axes, the model's has ${declared.length}`,
      );
    }
  }
  return given;
}

function checkDimension(name: string, extent: number, known: ReadonlySet<string>): void {
  if (!known.has(name)) {
    const names = known.size === 0 ? 'it names none' : `those it names are ${quoted([...known])}`;
    throw invalid(`the model leaves no dimension ${quote(name)} open; ${names}`);
  }
  if (Number.isSafeInteger(extent) && extent > 0) return;
  throw invalid(`the extent ${extent} of the dimension ${quote(name)} is no positive integer`);
}

function isShape(option: unknown): option is Shape {
  return Array.isArray(option);
}

function quoted(names: readonly string[]): string {
  return list(names.map(quote));
}

/** The first few, for messages. */
function list(values: readonly (string | number)[]): string {
  const shown = values.slice(0, 10).join(', ');
  return values.length > 10 ? `${shown}, ...` : shown;
}

/** A name without quotes, cut if it is very long. */
function cut(name: string): string {
  return quote(name).slice(1, -1);
}

function invalid(message: string): NnMeterError {
  return new NnMeterError('E_INVALID_INPUT', message);
}
