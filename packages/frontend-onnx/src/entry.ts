import {
  type DataType,
  elementCount,
  type Layout,
  NnMeterError,
  quote,
  type Shape,
  type TensorKind,
} from '@nnmeter/ir';

/** Thrown where a shape or value that inference needs is not known; the node then keeps its declared shapes, if any. */
export class Unknown extends Error {
  /** Set where the user can do something about it; thrown if no declared shape helps. */
  readonly error: NnMeterError | undefined;

  constructor(reason: string, error?: NnMeterError) {
    super(reason);
    this.error = error;
  }
}

/** Values that exist but could not be read. */
export class Unread {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Values of a small constant; undefined where they are not known. */
export type Values = readonly number[] | Unread | undefined;

export interface EntryFacts {
  readonly name: string;
  readonly kind: TensorKind;
  readonly dataType: DataType;
  readonly shape?: Shape | undefined;
  /** Or how to get them when they are asked for. */
  readonly values?: Values | (() => Values);
  /** Thrown when the shape is asked for: an input with dimensions that the user must give. */
  readonly missingShape?: NnMeterError | undefined;
  /** Tensors of a sequence. */
  readonly elements?: readonly Entry[] | undefined;
}

/** What is known about one tensor during inference. */
export class Entry {
  readonly name: string;
  readonly kind: TensorKind;
  readonly dataType: DataType;
  readonly elements: readonly Entry[] | undefined;
  /** Of weights; activations get theirs once the graph is complete. */
  weightLayout: Layout | undefined;
  readonly #shape: Shape | undefined;
  readonly #missingShape: NnMeterError | undefined;
  #values: EntryFacts['values'];

  constructor(facts: EntryFacts) {
    this.name = facts.name;
    this.kind = facts.kind;
    this.dataType = facts.dataType;
    this.elements = facts.elements;
    this.#shape = facts.shape === undefined ? undefined : checkShape(facts.name, facts.shape);
    this.#missingShape = facts.missingShape;
    this.#values = facts.values;
  }

  /** @throws NnMeterError E_MISSING_DIMENSION for an input whose shape the user must give. */
  get shape(): Shape | undefined {
    if (this.#missingShape !== undefined) throw this.#missingShape;
    return this.#shape;
  }

  /** The shape without asking the user for it. */
  get knownShape(): Shape | undefined {
    return this.#shape;
  }

  requireShape(): Shape {
    if (this.shape === undefined)
      throw new Unknown(`the shape of ${quote(this.name)} is not known`);
    return this.shape;
  }

  get values(): readonly number[] | undefined {
    const values = this.readValues();
    return values instanceof Unread ? undefined : values;
  }

  readValues(): Values {
    if (typeof this.#values === 'function') this.#values = this.#values();
    return this.#values;
  }

  requireValues(): readonly number[] {
    const values = this.readValues();
    if (values instanceof Unread) {
      throw new Unknown(values.reason, new NnMeterError('E_FILE', values.reason));
    }
    if (values === undefined) {
      throw new Unknown(`the values of ${quote(this.name)} are computed from data`);
    }
    return values;
  }
}

const MAX_RANK = 64;

function checkShape(name: string, shape: Shape): Shape {
  const shown = `tensor ${quote(name)} has the shape [${shape.slice(0, 8).join(', ')}${shape.length > 8 ? ', ...' : ''}]`;
  if (shape.length > MAX_RANK) {
    throw new NnMeterError(
      'E_LIMIT',
      `${shown} of rank ${shape.length}; at most ${MAX_RANK} are read`,
    );
  }
  if (shape.some((extent) => !Number.isSafeInteger(extent) || extent < 0)) {
    throw new NnMeterError(
      'E_INVALID_GRAPH',
      `${shown}; dimensions must be integers from 0 to 2^53 - 1`,
    );
  }
  if (!Number.isSafeInteger(elementCount(shape))) {
    throw new NnMeterError('E_LIMIT', `${shown}, more than 2^53 elements`);
  }
  return shape;
}
