import { elementCount, type Graph, type Node, type Tensor } from '@nnmeter/ir';
import { NONE } from '../graph-view.ts';
import type { Rewrite } from './normal-form.ts';

/** The value of its constant operand, by op, with which a node hands the other operand on as it is. */
const NEUTRAL_VALUE = { mul: 1, div: 1, pow: 1, add: 0, sub: 0 } as const;

/**
 * What takes nodes away that only hand on what another node computes: a product with 1, a sum with 0, an identity, a reshape to
 * the same shape. Exporters leave them behind; converters drop them. Undefined if there are none.
 */
export function dropIdle(original: Graph): Rewrite | undefined {
  return dropNodes(original, (node) => idleSlot(original, node));
}

/** The same, but for arithmetic. */
export function dropIdentities(original: Graph): Rewrite | undefined {
  return dropNodes(original, (node) => identitySlot(original, node));
}

function dropNodes(original: Graph, slotOf: (node: Node) => number): Rewrite | undefined {
  const renamed = new Map<string, string>();
  const absorbers = new Map<number, number>();
  const { inputs, inputStart, producers } = original.edges;
  for (const [position, node] of original.nodes.entries()) {
    const slot = slotOf(node);
    if (slot === NONE) continue;
    const tensor = inputs[inputStart[position]! + slot]!;
    const producer = tensor === NONE ? NONE : producers[tensor]!;
    if (producer === NONE) continue;
    const input = node.inputs[slot]!;
    renamed.set(node.outputs[0]!, renamed.get(input) ?? input);
    absorbers.set(position, absorbers.get(producer) ?? producer);
  }
  if (absorbers.size === 0) return undefined;
  const reason = 'it hands on what it reads, as converters know';
  return { absorbers, reason, replaced: new Map(), renamed };
}

/** The input that a node hands on unchanged; NONE if it works. */
function idleSlot(graph: Graph, node: Node): number {
  const { op, inputs, outputs } = node;
  if (!(op in NEUTRAL_VALUE)) return identitySlot(graph, node);
  if (inputs.length !== 2 || outputs.length !== 1) return NONE;
  const neutral = NEUTRAL_VALUE[op as keyof typeof NEUTRAL_VALUE];
  const isCommutative = op === 'mul' || op === 'add';
  for (const slot of isCommutative ? [1, 0] : [1]) {
    const constant = graph.findTensor(inputs[slot]!);
    const data = graph.findTensor(inputs[1 - slot]!);
    const result = graph.findTensor(outputs[0]!);
    if (isAll(constant, neutral) && sameShape(data, result)) return 1 - slot;
  }
  return NONE;
}

function isAll(constant: Tensor | undefined, value: number): boolean {
  if (constant?.kind !== 'constant') return false;
  const { values, shape } = constant;
  return (
    values !== undefined &&
    shape !== undefined &&
    values.length === elementCount(shape) &&
    values.length > 0 &&
    values.every((element) => element === value)
  );
}

function sameShape(a: Tensor | undefined, b: Tensor | undefined): boolean {
  if (a?.shape === undefined || b?.shape === undefined || a.shape.length !== b.shape.length)
    return false;
  return a.shape.every((extent, axis) => extent === b.shape![axis]);
}

/** The input that a node without arithmetic hands on unchanged; NONE if it moves or computes something. */
function identitySlot(graph: Graph, { op, inputs, outputs }: Node): number {
  if (outputs.length !== 1) return NONE;
  if (op === 'identity') return inputs.length === 1 ? 0 : NONE;
  if (op !== 'reshape') return NONE;
  return sameShape(graph.findTensor(inputs[0]!), graph.findTensor(outputs[0]!)) ? 0 : NONE;
}
