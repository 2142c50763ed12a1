import { hasUnknowns } from '@nnmeter/constants';
import {
  type DataType,
  elementCount,
  type Layout,
  NnMeterError,
  quote,
  type Shape,
  type TensorKind,
} from '@nnmeter/ir';
import type { Name, NumberedNames } from './numbered-names.ts';
import type { TensorForm } from './tensor-form.ts';

/** Longest list that is taken for a shape. */
const HIGHEST_RANK = 16;

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

/** Where the tensors of one graph, branch or body find what they have in common. */
export interface EntryHome {
  readonly names: NumberedNames;
  /** Values of a stored constant by its position. */
  storedValues(position: number): Values;
}

/** What is known about one tensor during inference. */
export class Entry {
  readonly form: TensorForm;
  /** Of weights as soon as a node reads them so; activations get theirs once all nodes are known. */
  layout: Layout | undefined = undefined;
  /** Whether a result of the graph depends on it. */
  isNeeded = false;
  /** Whether it is among the tensors of the graph already. */
  isListed = false;
  /** Tensors of a sequence. */
  elements: readonly Entry[] | undefined = undefined;
  readonly #home: EntryHome | undefined;
  readonly #name: Name;
  #missingShape: NnMeterError | undefined = undefined;
  #values: Values | (() => Values) | number = undefined;
  #known: readonly number[] | undefined = undefined;

  /** @param home needed where the name is a number, or the values are stored */
  constructor(form: TensorForm, name: Name, home?: EntryHome) {
    this.form = form;
    this.#name = name;
    this.#home = home;
  }

  get name(): string {
    return typeof this.#name === 'number' ? this.#home!.names.text(this.#name) : this.#name;
  }

  get kind(): TensorKind {
    return this.form.kind;
  }

  get dataType(): DataType {
    return this.form.dataType;
  }

  /** Whether its form is all that a rule can know of it besides its values. */
  get isPlain(): boolean {
    return this.#missingShape === undefined && this.elements === undefined;
  }

  /** Of an input with dimensions that the user must give: the error to throw when the shape is asked for. */
  setMissingShape(error: NnMeterError | undefined): void {
    this.#missingShape = error;
  }

  /** The values, or how to get them when they are asked for: a function, or the position of a stored constant. */
  setValues(values: Values | (() => Values) | number): void {
    this.#values = values;
  }

  /** What is known of a short list of integers that is computed from data, NaN where nothing is. */
  setKnownElements(elements: readonly number[]): void {
    if (elements.some(Number.isNaN)) this.#known = elements;
    else this.#values = elements;
  }

  /** The elements of an integer or a short list of them, NaN where they are not known; undefined of anything else. */
  get knownElements(): readonly number[] | undefined {
    const { values } = this;
    if (values !== undefined) return values;
    if (!isIntegerList(this.dataType, this.knownShape)) return undefined;
    this.#known ??= new Array<number>(elementCount(this.knownShape)).fill(Number.NaN);
    return this.#known;
  }

  /** @throws NnMeterError E_MISSING_DIMENSION for an input whose shape the user must give. */
  get shape(): Shape | undefined {
    if (this.#missingShape !== undefined) throw this.#missingShape;
    return this.form.shape;
  }

  /** The shape without asking the user for it. */
  get knownShape(): Shape | undefined {
    return this.form.shape;
  }

  requireShape(): Shape {
    const { shape } = this;
    if (shape === undefined) throw new Unknown(`the shape of ${quote(this.name)} is not known`);
    return shape;
  }

  get values(): readonly number[] | undefined {
    const values = this.readValues();
    return values instanceof Unread ? undefined : values;
  }

  readValues(): Values {
    if (typeof this.#values === 'function') this.#values = this.#values();
    else if (typeof this.#values === 'number')
      this.#values = this.#home!.storedValues(this.#values);
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

/** Whether a tensor may be a shape, a part of one, or a size that goes into one. */
export function isIntegerList(dataType: DataType, shape: Shape | undefined): shape is Shape {
  const isList = shape !== undefined && shape.length <= 1;
  return isList && elementCount(shape) <= HIGHEST_RANK && hasUnknowns(dataType);
}

/** A tensor that is in no graph: what a rule needs for a moment. */
export function looseEntry(
  name: string,
  dataType: DataType,
  shape: Shape | undefined,
  elements?: readonly Entry[],
): Entry {
  const entry = new Entry({ number: -1, kind: 'activation', dataType, shape }, name);
  entry.elements = elements;
  return entry;
}
