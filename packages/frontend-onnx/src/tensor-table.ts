import { elementCount } from '@nnmeter/ir';
import { dataTypeOf } from './data-types.ts';
import { Entry, type EntryFacts, type Values } from './entry.ts';
import type { Initializer } from './initializers.ts';
import { type TensorProto, toNumber } from './model.ts';
import type { Scope } from './scope.ts';
import { UniqueNames } from './unique-names.ts';

/** How the values of a constant tensor are found. */
export type ReadValues = (tensor: TensorProto, count: number) => Values;

/** Makes the tensors of a model, with names that are unique in all of it, and finds them by their names in the file. */
export class TensorTable {
  readonly #names = new UniqueNames();
  readonly #readValues: ReadValues;

  constructor(readValues: ReadValues) {
    this.#readValues = readValues;
  }

  /** Makes a tensor that no node can name. */
  make(scope: Scope, name: string, facts: Omit<EntryFacts, 'name'>): Entry {
    return new Entry({ ...facts, name: this.#names.take(scope.prefix + name) });
  }

  /** Makes a tensor and binds it to its name in a scope. */
  add(scope: Scope, name: string, facts: Omit<EntryFacts, 'name'>): Entry {
    const entry = this.make(scope, name, facts);
    scope.bind(name, entry);
    return entry;
  }

  /** A tensor visible in a scope by its name in the file. */
  lookup(name: string, scope: Scope): Entry | undefined {
    for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
      const entry = at.own(name);
      if (entry !== undefined) return entry;
      const initializer = at.takeInitializer(name);
      if (initializer !== undefined) return this.#addInitializer(at, name, initializer);
    }
    return undefined;
  }

  #addInitializer(scope: Scope, name: string, { tensor, dims, isSparse }: Initializer): Entry {
    const shape = (dims ?? []).map(toNumber);
    return this.add(scope, name, {
      kind: 'constant',
      dataType: dataTypeOf(tensor.dataType),
      shape,
      values: isSparse ? undefined : () => this.#readValues(tensor, elementCount(shape)),
    });
  }
}
