import { type DataType, elementCount, type Shape, type TensorKind } from '@nnmeter/ir';
import { Entry, type EntryHome, type Values } from './entry.ts';
import type { Expansion } from './expansion.ts';
import type { GraphTable } from './graph-table.ts';
import type { TensorProto } from './model.ts';
import type { Name, NumberedNames } from './numbered-names.ts';
import type { Scope } from './scope.ts';
import type { TensorForm, TensorForms } from './tensor-form.ts';

/** How the values of a constant tensor are found. */
export type ReadValues = (tensor: TensorProto, count: number) => Values;

/** Makes the tensors of a model, with names that are unique in all of it, and finds them by their names in the file. */
export class TensorTable {
  readonly forms: TensorForms;
  readonly #names: NumberedNames;
  readonly #readValues: ReadValues;
  readonly #expansion: Expansion;
  readonly #homes = new Map<GraphTable, EntryHome>();

  constructor(facts: {
    readonly names: NumberedNames;
    readonly forms: TensorForms;
    readonly readValues: ReadValues;
    readonly expansion: Expansion;
  }) {
    this.#names = facts.names;
    this.forms = facts.forms;
    this.#readValues = facts.readValues;
    this.#expansion = facts.expansion;
  }

  form(kind: TensorKind, dataType: DataType, shape: Shape | undefined): TensorForm {
    return this.forms.of(kind, dataType, shape);
  }

  /** Makes a tensor that no node can name. */
  make(scope: Scope, name: string, form: TensorForm): Entry {
    this.#expansion.add('tensors in its loops and sequences', 1);
    return this.#entry(scope, this.#names.take(scope.prefix + name), form);
  }

  /** Makes a tensor and binds it to its name in a scope. */
  add(scope: Scope, name: number, form: TensorForm): Entry {
    const isMain = scope.depth === 0;
    const entry = this.#entry(
      scope,
      isMain
        ? this.#names.takeMain(name)
        : this.#names.take(scope.prefix + scope.table.names.text(name)),
      form,
    );
    scope.bind(name, entry);
    return entry;
  }

  #entry(scope: Scope, name: Name, form: TensorForm): Entry {
    const entry = new Entry(form, name, this.#homeOf(scope.table));
    this.forms.check(form, () => entry.name);
    return entry;
  }

  /** A tensor visible in a scope by its name in the file. */
  lookup(name: number, scope: Scope): Entry | undefined {
    const found = scope.own(name);
    if (found !== undefined) return found;
    const position = scope.takeConstant(name);
    if (position >= 0) return this.#addConstant(scope, name, position);
    const { outer } = scope;
    return outer && this.lookupText(scope.table.names.text(name), outer);
  }

  /** As {@link lookup}, of a name that the scope's table may not have. */
  lookupText(name: string, scope: Scope): Entry | undefined {
    for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
      const number = at.table.names.find(name);
      if (number >= 0) return this.lookup(number, at);
    }
    return undefined;
  }

  #addConstant(scope: Scope, name: number, position: number): Entry {
    const { constants } = scope.table;
    const form = constants.forms[position]!;
    const entry = this.add(scope, name, form);
    if (constants.isSmall(position)) entry.setValues(position);
    return entry;
  }

  #homeOf(table: GraphTable): EntryHome {
    let home = this.#homes.get(table);
    if (home === undefined) {
      const { constants } = table;
      home = {
        names: this.#names,
        storedValues: (position) => {
          const count = elementCount(constants.forms[position]!.shape!);
          return this.#readValues(constants.tensor(position)!, count);
        },
      };
      this.#homes.set(table, home);
    }
    return home;
  }
}
