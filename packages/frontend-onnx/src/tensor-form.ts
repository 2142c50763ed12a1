import {
  type DataType,
  elementCount,
  NnMeterError,
  quote,
  type Shape,
  type TensorKind,
} from '@nnmeter/ir';

/** What inference knows of a tensor before its name and values; tensors of one form share it. */
export interface TensorForm {
  readonly number: number;
  readonly kind: TensorKind;
  readonly dataType: DataType;
  readonly shape: Shape | undefined;
}

/** More forms with one hash than chance brings are not shared, so that no file makes their search long. */
const MOST_ALIKE = 8;
const MAX_RANK = 64;

/** Makes the forms of a model's tensors, one for all that are equal. */
export class TensorForms {
  readonly #byHash = new Map<number, TensorForm[]>();
  readonly #dataTypes = new Map<DataType, number>();
  readonly #checked = new Set<TensorForm>();
  #count = 0;

  of(kind: TensorKind, dataType: DataType, shape: Shape | undefined): TensorForm {
    let hash = Math.imul(this.#numberOf(dataType) * 4 + kind.length, 0x01000193);
    if (shape === undefined) hash = ~hash;
    else for (const extent of shape) hash = Math.imul(hash ^ extent, 0x01000193) + 1;
    let alike = this.#byHash.get(hash);
    if (alike === undefined) {
      alike = [];
      this.#byHash.set(hash, alike);
    }
    for (const form of alike) {
      if (form.kind === kind && form.dataType === dataType && equals(form.shape, shape))
        return form;
    }
    const form = { number: this.#count++, kind, dataType, shape };
    if (alike.length < MOST_ALIKE) alike.push(form);
    return form;
  }

  /** @throws NnMeterError naming the tensor if its shape is impossible: E_INVALID_GRAPH, E_LIMIT. */
  check(form: TensorForm, name: () => string): void {
    if (this.#checked.has(form)) return;
    if (form.shape !== undefined) checkShape(name, form.shape);
    this.#checked.add(form);
  }

  #numberOf(dataType: DataType): number {
    let number = this.#dataTypes.get(dataType);
    if (number === undefined) {
      number = this.#dataTypes.size;
      this.#dataTypes.set(dataType, number);
    }
    return number;
  }
}

function equals(a: Shape | undefined, b: Shape | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

function checkShape(name: () => string, shape: Shape): void {
  const shown = (): string =>
    `tensor ${quote(name())} has the shape [${shape.slice(0, 8).join(', ')}${shape.length > 8 ? ', ...' : ''}]`;
  if (shape.length > MAX_RANK) {
    throw new NnMeterError(
      'E_LIMIT',
      `${shown()} of rank ${shape.length}; at most ${MAX_RANK} are read`,
    );
  }
  if (shape.some((extent) => !Number.isSafeInteger(extent) || extent < 0)) {
    throw new NnMeterError(
      'E_INVALID_GRAPH',
      `${shown()}; dimensions must be integers from 0 to 2^53 - 1`,
    );
  }
  if (!Number.isSafeInteger(elementCount(shape))) {
    throw new NnMeterError('E_LIMIT', `${shown()}, more than 2^53 elements`);
  }
}
