import {
  inferOutputShapes,
  type Layout,
  type Op,
  type Operation,
  type Shape,
  type ShapeAndLayout,
} from '@nnmeter/ir';
import { type NodeContext, NotKnown } from './op-context.ts';
import type { Lowered, LoweredNode } from './ops/rule.ts';

/** A result: without a shape where that depends on data. */
interface Result {
  readonly shape?: Shape | undefined;
  readonly layout?: Layout | undefined;
}

/** A tensor as the shape rules see it: its shape is asked for only where a rule needs it. */
class Operand implements ShapeAndLayout {
  readonly layout: Layout | undefined;
  readonly #context: NodeContext;
  readonly #index: number;

  constructor(context: NodeContext, index: number, layout: Layout | undefined) {
    this.layout = layout;
    this.#context = context;
    this.#index = index;
  }

  get shape(): Shape {
    return this.#context.shape(this.#index);
  }
}

/** A node whose result shapes are settled. */
export type SettledNode = {
  [O in Op]: Omit<LoweredNode<O>, 'shapes' | 'layout'> & { readonly results: readonly Result[] };
}[Op];

export type Settled = Exclude<Lowered, { kind: 'node' }> | SettledNode;

/**
 * Gives a node the result shapes that its op's rule says, if its own rule states none.
 * @throws NotKnown if they depend on data; NnMeterError E_SHAPE if shapes and attributes do not fit.
 */
export function settleShapes(lowered: Lowered, context: NodeContext): Settled {
  if (lowered.kind !== 'node') return lowered;
  const { shapes, layout, ...node } = lowered;
  const indices = node.operands ?? context.inputs.map((_, index) => index);
  const operands = indices.map((index, place) => {
    const stated = place === 0 ? layout : node.constantLayouts?.[index];
    return new Operand(context, index, stated ?? context.inputs[index]?.layout);
  });
  if (shapes !== undefined) {
    const [first] = operands;
    const rank = context.inputs[indices[0] ?? 0]?.shape?.length;
    const results = shapes.map((shape) =>
      shape?.length === rank ? { shape, layout: first?.layout } : { shape },
    );
    return { ...node, results } as SettledNode;
  }
  const operation = { op: node.op, attributes: node.attributes } as Operation;
  const results = inferOutputShapes(operation, operands);
  if (results === undefined) throw new NotKnown('its attributes do not say its shape');
  return {
    ...node,
    results: results.map((result) => ({ shape: result.shape, layout: result.layout })),
  } as SettledNode;
}
