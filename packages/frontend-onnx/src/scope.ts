import type { DataType, Shape } from '@nnmeter/ir';
import { dataTypeOf } from './data-types.ts';
import type { Dimensions } from './dimensions.ts';
import type { Entry } from './entry.ts';
import { type Initializer, Initializers, twoTensors } from './initializers.ts';
import {
  type AttributeProto,
  type GraphProto,
  type OperatorSetIdProto,
  type TypeProto,
  toNumber,
} from './model.ts';

/** Opset version by domain; the standard domain is ''. */
export type Opsets = ReadonlyMap<string, number>;

/** `ai.onnx` is the standard domain written out. */
export function normalizeDomain(domain: string | null | undefined): string {
  return domain == null || domain === 'ai.onnx' ? '' : domain;
}

export function readOpsets(imports: readonly OperatorSetIdProto[] | null | undefined): Opsets {
  return new Map(
    (imports ?? []).map(({ domain, version }) => [normalizeDomain(domain), toNumber(version)]),
  );
}

/** The tensors visible to the nodes of one graph, branch or function body, by their names in the file. */
export class Scope {
  readonly #entries = new Map<string, Entry>();
  readonly #omitted = new Set<string>();
  readonly opsets: Opsets;
  /** Put in front of names so that they are unique in the whole graph; '' at the top. */
  readonly prefix: string;
  readonly depth: number;
  /** Arguments of the function whose body this is. */
  readonly arguments: ReadonlyMap<string, AttributeProto> | undefined;
  /** Whose tensors are visible too: a branch sees its graph, a function body sees nothing. */
  readonly outer: Scope | undefined;
  readonly #initializers: Initializers | undefined;
  readonly #declared = new Map<string, TypeProto>();

  constructor(facts: {
    readonly opsets: Opsets;
    readonly prefix: string;
    readonly depth: number;
    readonly outer?: Scope;
    readonly arguments?: ReadonlyMap<string, AttributeProto> | undefined;
    readonly graph?: GraphProto;
  }) {
    this.opsets = facts.opsets;
    this.prefix = facts.prefix;
    this.depth = facts.depth;
    this.arguments = facts.arguments;
    this.outer = facts.outer;
    this.#initializers = facts.graph && new Initializers(facts.graph);
    for (const info of [...(facts.graph?.valueInfo ?? []), ...(facts.graph?.output ?? [])]) {
      if (info.name && info.type) this.#declared.set(info.name, info.type);
    }
  }

  /** A tensor of this scope itself. */
  own(name: string): Entry | undefined {
    return this.#entries.get(name);
  }

  /** A constant of this scope that has no entry yet; to be bound by the caller. */
  takeInitializer(name: string): Initializer | undefined {
    return this.#initializers?.take(name);
  }

  hasInitializer(name: string): boolean {
    return this.#initializers?.has(name) ?? false;
  }

  /** Gives a tensor a name; an optional input that was left out has none. */
  bind(name: string, entry: Entry | undefined): void {
    if (this.#entries.has(name) || this.hasInitializer(name)) throw twoTensors(name);
    if (entry === undefined) this.#omitted.add(name);
    else this.#entries.set(name, entry);
  }

  /** Whether this is an optional input of a function that the call leaves out. */
  isOmitted(name: string): boolean {
    return this.#omitted.has(name) || (this.outer?.isOmitted(name) ?? false);
  }

  /** Names of all tensors of this scope, aliases and constants included. */
  get names(): readonly string[] {
    return [...this.#entries.keys(), ...(this.#initializers?.names ?? [])];
  }

  /** Element type of a tensor as the file declares it. */
  declaredDataType(name: string): DataType | undefined {
    const elementType = this.#declared.get(name)?.tensorType?.elemType;
    return elementType ? dataTypeOf(elementType) : undefined;
  }

  /** Shape of a tensor as the file declares it, if all of it is known. */
  declaredShape(name: string, dimensions: Dimensions): Shape | undefined {
    return dimensions.declared(this.#declared.get(name));
  }
}
