import { type DataType, NnMeterError, quote, type Shape } from '@nnmeter/ir';
import { dataTypeOf } from './data-types.ts';
import type { Dimensions } from './dimensions.ts';
import type { Entry } from './entry.ts';
import type { GraphTable } from './graph-table.ts';
import type { AttributeProto } from './model.ts';
import type { Opsets } from './opsets.ts';

const NONE = -1;

/** The tensors visible to the nodes of one graph, branch or function body, by the numbers of their names in its table. */
export class Scope {
  readonly table: GraphTable;
  readonly opsets: Opsets;
  /** Put in front of names so that they are unique in the whole graph; '' at the top. */
  readonly prefix: string;
  readonly depth: number;
  /** Arguments of the function whose body this is. */
  readonly arguments: ReadonlyMap<string, AttributeProto> | undefined;
  /** Whose tensors are visible too: a branch sees its graph, a function body sees nothing. */
  readonly outer: Scope | undefined;
  readonly #entries: (Entry | undefined)[];
  readonly #omitted = new Set<number>();
  /** By name: position of a stored constant that has no entry yet. */
  readonly #waiting: Int32Array;

  /** @throws NnMeterError E_INVALID_GRAPH if two stored constants have the same name. */
  constructor(facts: {
    readonly table: GraphTable;
    readonly opsets: Opsets;
    readonly prefix: string;
    readonly depth: number;
    readonly outer?: Scope;
    readonly arguments?: ReadonlyMap<string, AttributeProto> | undefined;
  }) {
    const { table } = facts;
    this.table = table;
    this.opsets = facts.opsets;
    this.prefix = facts.prefix;
    this.depth = facts.depth;
    this.arguments = facts.arguments;
    this.outer = facts.outer;
    this.#entries = new Array(table.names.size).fill(undefined);
    this.#waiting = new Int32Array(table.names.size).fill(NONE);
    const { names } = table.constants;
    for (let position = 0; position < names.length; position++) {
      const name = names.items[position]!;
      if (this.#waiting[name] !== NONE) throw twoTensors(table.names.text(name));
      this.#waiting[name] = position;
    }
  }

  /** A tensor of this scope itself. */
  own(name: number): Entry | undefined {
    return this.#entries[name];
  }

  /** Position of a stored constant of this scope that has no entry yet, to be bound by the caller; -1 if there is none. */
  takeConstant(name: number): number {
    const position = this.#waiting[name] ?? NONE;
    if (position !== NONE) this.#waiting[name] = NONE;
    return position;
  }

  isStored(name: number): boolean {
    return (this.#waiting[name] ?? NONE) !== NONE;
  }

  /** Gives a tensor a name; an optional input that was left out has none. */
  bind(name: number, entry: Entry | undefined): void {
    if (this.#entries[name] !== undefined || this.isStored(name))
      throw twoTensors(this.table.names.text(name));
    if (entry === undefined) this.#omitted.add(name);
    else this.#entries[name] = entry;
  }

  /** Whether this is an optional input of a function that the call leaves out. */
  isOmitted(name: number): boolean {
    if (this.#omitted.has(name)) return true;
    if (this.outer === undefined) return false;
    const outside = this.outer.table.names.find(this.table.names.text(name));
    return outside !== NONE && this.outer.isOmitted(outside);
  }

  /** Element type of a tensor as the file declares it. */
  declaredDataType(name: number): DataType | undefined {
    const elementType = this.table.declaredType(name)?.tensorType?.elemType;
    return elementType ? dataTypeOf(elementType) : undefined;
  }

  /** Shape of a tensor as the file declares it, if all of it is known. */
  declaredShape(name: number, dimensions: Dimensions): Shape | undefined {
    return dimensions.declared(this.table.declaredType(name));
  }
}

function twoTensors(name: string): NnMeterError {
  return new NnMeterError(
    'E_INVALID_GRAPH',
    `the ONNX graph is not valid: two tensors are named ${quote(name)}`,
  );
}
