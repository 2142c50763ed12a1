import type { GraphTable } from './graph-table.ts';

/** Nodes between a comparison and what reads it that change nothing of what it says. */
const PASSED_ON: ReadonlySet<string> = new Set(['Cast', 'Identity']);
/** Exporters write one or two of them. */
const MOST_PASSED_ON = 4;

/**
 * Nodes of a graph that look each for a number of its own in one tensor: the readers of `Equal(levels, 2)`,
 * `Equal(levels, 3)` and so on, of which one at most finds an element.
 */
export class Alternatives {
  readonly #table: GraphTable;
  /** By name: the node that computes it. */
  readonly #producers = new Map<number, number>();
  /** By tensor: the constants that it is compared with. */
  readonly #numbers = new Map<number, Set<number>>();

  constructor(table: GraphTable) {
    this.#table = table;
    for (let node = 0; node < table.nodeCount; node++) {
      for (const output of table.outputsOf(node)) this.#producers.set(output, node);
    }
    for (let node = 0; node < table.nodeCount; node++) {
      const compared = this.#comparison(node);
      if (compared === undefined) continue;
      const numbers = this.#numbers.get(compared.tensor) ?? new Set();
      this.#numbers.set(compared.tensor, numbers.add(compared.number));
    }
  }

  /** How many such nodes there are for the tensor in which this one looks; 1 for any other node. */
  count(node: number): number {
    let read = this.#firstProducer(node);
    for (let passed = 0; passed < MOST_PASSED_ON && read !== undefined; passed++) {
      const compared = this.#comparison(read);
      if (compared !== undefined) return this.#numbers.get(compared.tensor)!.size;
      read = PASSED_ON.has(this.#table.forms[read]!.type) ? this.#firstProducer(read) : undefined;
    }
    return 1;
  }

  #firstProducer(node: number): number | undefined {
    return this.#producers.get(this.#table.nodeInputs.items[this.#table.inputStart.items[node]!]!);
  }

  /** The tensor and the constant that a node compares. */
  #comparison(node: number): { readonly tensor: number; readonly number: number } | undefined {
    const { forms } = this.#table;
    if (forms[node]!.type !== 'Equal') return undefined;
    const [tensor = 0, number = 0] = this.#table.inputsOf(node);
    const producer = this.#producers.get(number);
    const isConstant = producer === undefined || forms[producer]!.type === 'Constant';
    return isConstant && this.#producers.has(tensor) ? { tensor, number } : undefined;
  }
}
