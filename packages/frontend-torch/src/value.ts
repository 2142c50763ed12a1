import type { DataType, Layout, Shape } from '@nnmeter/ir';
import type { Step } from './step.ts';

/** A tensor while a program is read. */
export class Value {
  readonly name: string;
  readonly kind: 'input' | 'constant' | 'activation';
  readonly dataType: DataType;
  /** Undefined where it depends on data. */
  readonly shape: Shape | undefined;
  /** Of scalars that the program states. */
  readonly values: readonly number[] | undefined;
  /** Of weights: the meaning of their axes, once a node says it. */
  weightLayout: Layout | undefined;
  /** Of a constant that repeats one matrix for a batch: the matrix. */
  matrix: Value | undefined;
  /** What computes it. */
  producer: Step | undefined;

  constructor(facts: {
    readonly name: string;
    readonly kind: Value['kind'];
    readonly dataType: DataType;
    readonly shape: Shape | undefined;
    readonly values?: readonly number[] | undefined;
  }) {
    this.name = facts.name;
    this.kind = facts.kind;
    this.dataType = facts.dataType;
    this.shape = facts.shape;
    this.values = facts.values;
  }
}
