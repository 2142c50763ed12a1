import { inferOutputShapes } from './infer-shapes.ts';
import type { Node } from './node.ts';
import type { ShapeAndLayout } from './ops/row.ts';
import type { Shape } from './tensor.ts';

/**
 * The shapes of a node of a finished graph, where the source's format means more than the op says: TensorFlow's BiasAdd
 * adds to the channels wherever they are, and its StridedSlice drops axes. `stated` is the first result's shape.
 */
export function inferNodeShapes(
  node: Node,
  inputs: readonly ShapeAndLayout[],
  stated: Shape | undefined,
): readonly ShapeAndLayout[] | undefined {
  const [data] = inputs;
  if (node.sourceOp.toLowerCase() === 'biasadd' && data !== undefined) return [data];
  const inferred = inferOutputShapes(node, inputs);
  const shape = inferred?.[0]?.shape;
  if (node.op !== 'slice' || shape === undefined || stated === undefined) return inferred;
  let surplus = shape.length - stated.length;
  const kept = shape.filter((extent, axis) => {
    const drop = surplus > 0 && extent === 1 && node.attributes.axes.includes(axis);
    if (drop) surplus--;
    return !drop;
  });
  return [{ shape: kept }];
}
