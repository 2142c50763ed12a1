import type { AttributeProto, GraphProto } from './model.ts';
import { normalizeDomain } from './opsets.ts';
import type { Settled } from './outcome.ts';
import type { TensorForm } from './tensor-form.ts';

/** What was inferred for nodes of one form on operands of the same forms. */
export interface KnownOutcome {
  readonly opset: number;
  readonly operands: readonly (TensorForm | undefined)[];
  readonly outputCount: number;
  readonly outcome: Settled;
}

/** What a node does, apart from what it reads and what its results are called; nodes of one form share it. */
export class NodeForm {
  readonly type: string;
  readonly domain: string;
  readonly overload: string;
  /** How the graph calls the op. */
  readonly sourceOp: string;
  readonly attributes: readonly AttributeProto[];
  readonly subgraphs: readonly GraphProto[];
  /** Whether an attribute is an argument of the function that the node belongs to. */
  readonly hasArguments: boolean;
  #attributesByName: ReadonlyMap<string, AttributeProto> | undefined;
  /** By hash of the operands' forms; the last of those with one hash. */
  readonly outcomes = new Map<number, KnownOutcome>();

  constructor(
    type: string,
    domain: string,
    overload: string,
    attributes: readonly AttributeProto[],
  ) {
    this.type = type;
    this.domain = normalizeDomain(domain);
    this.overload = overload;
    this.sourceOp = this.domain === '' ? type : `${this.domain}::${type}`;
    this.attributes = attributes;
    this.subgraphs = attributes.flatMap(({ g }) => g ?? []);
    this.hasArguments = attributes.some(({ refAttrName }) => Boolean(refAttrName));
  }

  get attributesByName(): ReadonlyMap<string, AttributeProto> {
    this.#attributesByName ??= attributesByName(this.attributes, undefined);
    return this.#attributesByName;
  }
}

/** Attributes by name, with the arguments of a function in the place of those that refer to them. */
export function attributesByName(
  attributes: readonly AttributeProto[],
  values: ReadonlyMap<string, AttributeProto> | undefined,
): ReadonlyMap<string, AttributeProto> {
  const found = new Map<string, AttributeProto>();
  for (const attribute of attributes) {
    const value = attribute.refAttrName ? values?.get(attribute.refAttrName) : attribute;
    if (value !== undefined) found.set(attribute.name ?? '', value);
  }
  return found;
}
