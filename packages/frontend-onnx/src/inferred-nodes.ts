import type { Entry } from './entry.ts';
import { IntList } from './int-list.ts';
import type { Name } from './numbered-names.ts';
import type { Computation } from './outcome.ts';

type Tensors = readonly (Entry | undefined)[];

/** The nodes of real work in the order of execution, as lists; a node is its position. */
export class InferredNodes {
  readonly names: Name[] = [];
  readonly computations: Computation[] = [];
  /** What the file calls their ops. */
  readonly sourceOps: string[] = [];
  /** Those in trips of a loop that are only assumed. */
  readonly assumed = new Set<number>();
  readonly #tensors: (Entry | undefined)[] = [];
  /** Of node i: where its inputs begin, its outputs begin, and those of the next node. */
  readonly #starts = new IntList();

  constructor() {
    this.#starts.push(0);
  }

  get count(): number {
    return this.names.length;
  }

  add(node: {
    readonly name: Name;
    readonly computation: Computation;
    readonly sourceOp: string;
    readonly inputs: Tensors;
    readonly outputs: Tensors;
    readonly isAssumed: boolean;
  }): void {
    if (node.isAssumed) this.assumed.add(this.count);
    this.names.push(node.name);
    this.computations.push(node.computation);
    this.sourceOps.push(node.sourceOp);
    for (const entry of node.inputs) this.#tensors.push(entry);
    this.#starts.push(this.#tensors.length);
    for (const entry of node.outputs) this.#tensors.push(entry);
    this.#starts.push(this.#tensors.length);
  }

  inputs(node: number): Tensors {
    return this.#tensors.slice(this.#starts.items[2 * node], this.#starts.items[2 * node + 1]);
  }

  outputs(node: number): Tensors {
    return this.#tensors.slice(this.#starts.items[2 * node + 1], this.#starts.items[2 * node + 2]);
  }
}
