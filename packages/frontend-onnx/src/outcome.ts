import type { DataType, Layout, Op, OpAttributes, Shape } from '@nnmeter/ir';
import type { Call } from './call.ts';
import type { Entry, EntryFacts } from './entry.ts';

/** What a node turns out to be. */
export type Outcome = Computation | Aliases | ConstantResult;

/** Real work: a node of the graph. */
export interface Computation {
  readonly kind: 'computation';
  readonly op: Op;
  readonly attributes: OpAttributes[Op];
  /** Per output, undefined where not known; given where the op's own rule cannot say them. */
  shapes?: readonly (Shape | undefined)[] | undefined;
  /** Shapes of the outputs that only ONNX has, such as statistics and indices, by that of the first. */
  readonly further?: ((first: Shape) => readonly (Shape | undefined)[]) | undefined;
  /** Per output; the first input's where neither the rule nor the op says otherwise. */
  readonly dataTypes: readonly (DataType | undefined)[];
  /** Indices of the inputs that the node keeps: not those that became attributes. All by default. */
  readonly inputs?: readonly number[] | undefined;
  /** Input that holds the weight, and the meaning of its axes. */
  readonly weight?: readonly [input: number, layout: Layout] | undefined;
  /** Tensors that the node reads instead of its inputs: elements of a sequence, what a subgraph reads. */
  readonly operands?: readonly Entry[] | undefined;
  /** The shapes are of the elements of a sequence, which is the one output. */
  readonly isSequence?: boolean | undefined;
  /** Something to tell the user about this node. */
  readonly warning?: string | undefined;
}

/** No work: outputs are other tensors under a new name. */
export interface Aliases {
  readonly kind: 'aliases';
  readonly entries: readonly Entry[];
}

/** A value known without running the network. */
export interface ConstantResult {
  readonly kind: 'constant';
  readonly shape: Shape;
  readonly dataType: DataType;
  readonly values: EntryFacts['values'];
}

/** A computation whose output shapes are settled. */
export interface Settled extends Computation {
  shapes: readonly (Shape | undefined)[];
}

/** Says what one node does: its canonical op with attributes and operands; shapes follow by the op's rule. */
export type Rule = (call: Call) => Outcome;

/** One row of a rule table: the rule for an op of a domain from opset `since` on, until the next row of that op. */
export type Row = readonly [op: string, domain: string, since: number, rule: Rule];

const NONE: readonly undefined[] = [];

export function computation<O extends Op>(
  op: O,
  attributes: OpAttributes[O],
  extra: Partial<Omit<Computation, 'kind' | 'op' | 'attributes'>> = {},
): Computation {
  return { kind: 'computation', op, attributes, dataTypes: NONE, shapes: undefined, ...extra };
}

/** A node whose output shapes its rule knows: one outside the vocabulary, or one that ONNX shapes in its own way. */
export function shaped<O extends Op>(
  op: O,
  attributes: OpAttributes[O],
  shapes: readonly (Shape | undefined)[],
  extra: Partial<Omit<Computation, 'kind' | 'op' | 'attributes' | 'shapes'>> = {},
): Settled {
  return { kind: 'computation', op, attributes, dataTypes: NONE, shapes, ...extra };
}

export function alias(entry: Entry): Aliases {
  return aliases([entry]);
}

/**
 * A node that hands its first input on. It is a node of the file all the same, which the graph as it is written has; of a
 * constant, a sequence or a tensor of unknown shape only the name is new.
 */
export function unchanged(call: Call): Outcome {
  const entry = call.input(0);
  const isNode =
    entry.kind !== 'constant' && entry.elements === undefined && entry.knownShape !== undefined;
  if (!isNode) return alias(entry);
  return computation('identity', {}, { inputs: [0], dataTypes: [entry.dataType] });
}

export function aliases(entries: readonly Entry[]): Aliases {
  return { kind: 'aliases', entries };
}

export function constant(
  dataType: DataType,
  shape: Shape,
  values: ConstantResult['values'],
): ConstantResult {
  return { kind: 'constant', shape, dataType, values };
}
