/** A class or function that a pickle refers to. It is only a name: nothing is imported or called. */
export class PickleGlobal {
  readonly module: string;
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }

  get path(): string {
    return `${this.module}.${this.name}`;
  }
}

/** What Python would build by calling `callable(*args)` and giving it `state`. */
export class PickleObject {
  readonly callable: PickleGlobal;
  readonly args: PickleValue[];
  state: PickleValue = null;

  constructor(callable: PickleGlobal, args: PickleValue[]) {
    this.callable = callable;
    this.args = args;
  }
}

/**
 * Tuples, lists and sets are arrays, dicts are maps. Python 2 strings are JS strings of one character per byte.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickleGlobal
  | PickleObject;
