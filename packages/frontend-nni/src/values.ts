import type { FlatNode, Reference } from './flatten.ts';
import { PASS_THROUGH, ruleName } from './ops/table.ts';

/** What a reference stands for. */
export type Value =
  | TensorValue
  | { readonly kind: 'list'; readonly items: readonly Reference[] }
  | { readonly kind: 'constant'; readonly value: unknown }
  /** A size or number that is computed from others; what it is does not matter. */
  | { readonly kind: 'scalar' };

/** Result `slot` of a node that computes tensors, or an input of the model. */
export interface TensorValue {
  readonly kind: 'tensor';
  readonly node: FlatNode | 'input';
  readonly slot: number;
}

/** Types that never give a tensor, only sizes and the like. */
const SIZE_QUERIES: ReadonlySet<string> = new Set(['size', 'dim', 'len', 'numel', 'numtotensor']);

const SCALAR: Value = { kind: 'scalar' };

/** The values of nodes; nodes are added after those they read. */
export class Values {
  readonly #values = new Map<FlatNode, (slot: number) => Value>();

  /** Adds a node; true if it computes tensors, false if it only hands values on. */
  add(node: FlatNode): boolean {
    const folded = this.#fold(node);
    this.#values.set(node, folded ?? ((slot) => ({ kind: 'tensor', node, slot })));
    return folded === undefined;
  }

  of({ node, slot }: Reference): Value {
    return node === 'input' ? { kind: 'tensor', node, slot } : this.#values.get(node)!(slot);
  }

  /** The tensors that an argument brings: itself, or those of a list. */
  tensors(reference: Reference): TensorValue[] {
    const value = this.of(reference);
    const values = value.kind === 'list' ? value.items.map((item) => this.of(item)) : [value];
    return values.filter((item) => item.kind === 'tensor');
  }

  /** An argument as a JSON value; undefined for tensors and what is not known. */
  json(reference: Reference): unknown {
    const value = this.of(reference);
    if (value.kind === 'constant') return value.value;
    if (value.kind !== 'list') return undefined;
    const items = value.items.map((item) => this.of(item));
    return items.every((item) => item.kind === 'constant')
      ? items.map((item) => item.value)
      : undefined;
  }

  #fold({ source, inputs }: FlatNode): ((slot: number) => Value) | undefined {
    const kind = ruleName(source.type);
    const first = inputs[0] && this.of(inputs[0]);
    if (kind === 'constant') return () => ({ kind: 'constant', value: source.parameters.value });
    if (kind === 'listconstruct' || kind === 'tupleconstruct') {
      return () => ({ kind: 'list', items: inputs });
    }
    if (first !== undefined) {
      if (PASS_THROUGH.has(kind)) return () => first;
      if (kind === 'listunpack' || kind === 'tupleunpack') return (slot) => this.#item(first, slot);
      if (kind === 'getitem' && inputs[1] !== undefined) {
        const item = this.#item(first, this.json(inputs[1]));
        return () => item;
      }
    }
    if (source.inputShapes !== undefined || source.outputShapes !== undefined) return undefined;
    const isScalar =
      SIZE_QUERIES.has(kind) || !inputs.some((input) => this.tensors(input).length > 0);
    return isScalar ? () => SCALAR : undefined;
  }

  /** An element of a list; the result of a node that returns a list has one slot an element. */
  #item(list: Value, index: unknown): Value {
    if (!Number.isSafeInteger(index)) return SCALAR;
    const at = index as number;
    if (list.kind === 'list') {
      const item = list.items.at(at);
      return item === undefined ? SCALAR : this.of(item);
    }
    if (list.kind !== 'tensor' || list.node === 'input') return SCALAR;
    const count = list.node.source.outputShapes?.length ?? 0;
    return { ...list, slot: at < 0 ? Math.max(0, at + count) : at };
  }
}
