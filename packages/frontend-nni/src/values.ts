import { isOpenInputChoice } from './choices.ts';
import type { FlatNode, Reference } from './flatten.ts';
import { ARITHMETIC, PASS_THROUGH, ruleName } from './ops/table.ts';

/** What a reference stands for. */
export type Value =
  | TensorValue
  | { readonly kind: 'list'; readonly items: readonly Reference[] }
  | { readonly kind: 'constant'; readonly value: unknown }
  /** A size or number that is computed from others; what it is does not matter. */
  | { readonly kind: 'scalar' };

/** Result `slot` of a node that computes tensors, an input of the model, or an operand whose edge is missing. */
export interface TensorValue {
  readonly kind: 'tensor';
  readonly node: FlatNode | CutOperand | 'input';
  readonly slot: number;
}

/** An operand of which a node records the shape, while no edge leads to it. */
export interface CutOperand {
  readonly reader: FlatNode;
  /** Among the tensors that the reader reads. */
  readonly position: number;
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

  /**
   * The tensors that a node reads, in the order of its recorded shapes. Where it records more than edges bring, slots
   * without an edge come first, then what follows the last one.
   */
  operands(reader: FlatNode): TensorValue[] {
    const brought = [...reader.inputs].map(([slot, input]) => ({
      slot,
      read: this.tensors(input),
    }));
    const recorded = reader.source.inputShapes?.length ?? 0;
    let missing = recorded - brought.reduce((sum, { read }) => sum + read.length, 0);
    const operands: TensorValue[] = [];
    const addMissing = (count: number): void => {
      for (; missing > 0 && count > 0; missing--, count--)
        operands.push({ kind: 'tensor', node: { reader, position: operands.length }, slot: 0 });
    };
    let expected = 0;
    for (const { slot, read } of brought) {
      addMissing(slot - expected);
      operands.push(...read);
      expected = slot + 1;
    }
    addMissing(missing);
    return operands;
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

  #fold(node: FlatNode): ((slot: number) => Value) | undefined {
    const { source, inputs } = node;
    const kind = ruleName(source.type);
    const [first, second] = [inputs.get(0), inputs.get(1)];
    if (kind === 'constant') return () => ({ kind: 'constant', value: source.parameters.value });
    if (kind === 'listconstruct' || kind === 'tupleconstruct') {
      return () => ({ kind: 'list', items: [...inputs.values()] });
    }
    if (SIZE_QUERIES.has(kind)) return () => SCALAR;
    if (PASS_THROUGH.has(kind)) {
      const [operand] = this.operands(node);
      return operand && (() => operand);
    }
    if (first !== undefined) {
      const value = this.of(first);
      if (kind === 'listunpack' || kind === 'tupleunpack') return (slot) => this.#item(value, slot);
      if (kind === 'getitem' && second !== undefined) {
        const item = this.#item(value, this.json(second));
        return () => item;
      }
      if (isOpenInputChoice(source)) {
        const item = this.#item(value, 0);
        return () => item;
      }
    }
    return this.#isScalar(node, kind) ? () => SCALAR : undefined;
  }

  /**
   * Whether a node computes with numbers. What it reads decides: NNI records shapes in the order of calls, so that those
   * of a product of tensors may stand at a product of sizes.
   */
  #isScalar({ source, inputs }: FlatNode, kind: string): boolean {
    const isRecorded = source.inputShapes !== undefined || source.outputShapes !== undefined;
    if (isRecorded && !ARITHMETIC.has(kind)) return false;
    if (inputs.size === 0) return !isRecorded && !source.type.startsWith('__torch__');
    const isWhole = [...inputs.keys()].every((slot, position) => slot === position);
    return isWhole && [...inputs.values()].every((input) => this.tensors(input).length === 0);
  }

  /** An element of a list; the result of a node that returns a list has one slot an element. */
  #item(list: Value, index: unknown): Value {
    if (!Number.isSafeInteger(index)) return SCALAR;
    const at = index as number;
    if (list.kind === 'list') {
      const item = list.items.at(at);
      return item === undefined ? SCALAR : this.of(item);
    }
    if (list.kind !== 'tensor' || list.node === 'input' || 'reader' in list.node) return SCALAR;
    const count = list.node.source.outputShapes?.length ?? 0;
    return { ...list, slot: at < 0 ? Math.max(0, at + count) : at };
  }
}
