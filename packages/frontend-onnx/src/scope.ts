import { type DataType, NnMeterError, type Shape } from '@nnmeter/ir';
import { dataTypeOf } from './data-types.ts';
import type { Dimensions } from './dimensions.ts';
import type { Entry } from './entry.ts';
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
  readonly #outer: Scope | undefined;
  readonly #declared = new Map<string, TypeProto>();

  constructor(facts: {
    readonly opsets: Opsets;
    readonly prefix: string;
    readonly depth: number;
    /** Visible from inside: a branch sees its graph, a function body sees nothing. */
    readonly outer?: Scope;
    readonly arguments?: ReadonlyMap<string, AttributeProto> | undefined;
    readonly graph?: GraphProto;
  }) {
    this.opsets = facts.opsets;
    this.prefix = facts.prefix;
    this.depth = facts.depth;
    this.arguments = facts.arguments;
    this.#outer = facts.outer;
    for (const info of [...(facts.graph?.valueInfo ?? []), ...(facts.graph?.output ?? [])]) {
      if (info.name && info.type) this.#declared.set(info.name, info.type);
    }
  }

  lookup(name: string): Entry | undefined {
    return this.#entries.get(name) ?? this.#outer?.lookup(name);
  }

  /** Gives a tensor a name; an optional input that was left out has none. */
  bind(name: string, entry: Entry | undefined): void {
    if (this.#entries.has(name)) {
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `the ONNX graph is not valid: two tensors are named "${name}"`,
      );
    }
    if (entry === undefined) this.#omitted.add(name);
    else this.#entries.set(name, entry);
  }

  /** Whether this is an optional input of a function that the call leaves out. */
  isOmitted(name: string): boolean {
    return this.#omitted.has(name) || (this.#outer?.isOmitted(name) ?? false);
  }

  /** All tensors of this scope by name, aliases included. */
  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries;
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
