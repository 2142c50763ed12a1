import type { Entry } from './entry.ts';
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
  readonly inputs: Tensors[] = [];
  readonly outputs: Tensors[] = [];

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
    this.inputs.push(node.inputs);
    this.outputs.push(node.outputs);
  }
}
