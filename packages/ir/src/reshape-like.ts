import type { NodeOf } from './node.ts';
import { elementCount, type Shape } from './tensor.ts';

/** Neighbouring axes of which a reshape makes others, and of no fewer of them. */
interface Regrouping {
  /** The first axis, and the one after the last. */
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
}

/**
 * The target of a reshape for another extent of its operand: axes that are joined stay joined, and of axes that one is
 * split into one takes up the change, the first (the batch) if the batch is among what is split, else the last. The target
 * as it is where that does not come out even, for the op to refuse.
 * @param before the operand's shape that `target` was stated for
 * @param after the one it has now, of the same rank
 */
function reshapeLike(before: Shape, after: Shape, target: Shape): Shape {
  if (before.length !== after.length || elementCount(before) === 0) return target;
  const shape = [...target];
  for (const { from, to } of regroupings(before, target)) {
    if (before.slice(...from).every((extent, index) => extent === after[from[0] + index])) continue;
    const changing = from[0] === 0 ? to[0] : lastOf(target, to);
    const others = elementCount(target.slice(...to)) / target[changing]!;
    const extent = elementCount(after.slice(...from)) / others;
    if (!Number.isInteger(extent)) return target;
    shape[changing] = extent;
  }
  return shape;
}

/** The target of an expansion for another extent of its operand: extents equal to the operand's follow it. */
function expandLike(before: Shape, after: Shape, target: Shape): Shape {
  const added = target.length - before.length;
  return target.map((extent, axis) =>
    extent === before[axis - added] ? after[axis - added]! : extent,
  );
}

/** A node whose result has a stated shape, for another extent of its operand. */
export function withTargetLike(
  node: NodeOf<'reshape'> | NodeOf<'expand'>,
  before: Shape,
  after: Shape,
): NodeOf<'reshape'> | NodeOf<'expand'> {
  if (node.op === 'reshape')
    return { ...node, attributes: { shape: reshapeLike(before, after, node.attributes.shape) } };
  const shape = node.attributes.shape && expandLike(before, after, node.attributes.shape);
  return { ...node, attributes: shape === undefined ? {} : { shape } };
}

/** The last axis of more than one element. */
function lastOf(target: Shape, [first, end]: readonly [number, number]): number {
  for (let axis = end - 1; axis > first; axis--) if (target[axis] !== 1) return axis;
  return first;
}

/** How a reshape joins and splits axes; trailing axes of one element that it adds are in none. */
export function regroupings(before: Shape, target: Shape): readonly Regrouping[] {
  const found: Regrouping[] = [];
  let from = 0;
  let to = 0;
  while (from < before.length && to < target.length) {
    const start = [from, to] as const;
    let read = before[from++]!;
    let written = target[to++]!;
    while (read !== written && from <= before.length && to <= target.length) {
      if (read < written) read *= before[from++]!;
      else written *= target[to++]!;
    }
    const isLast = before.slice(from).every((extent) => extent === 1);
    if (isLast) from = before.length;
    found.push({ from: [start[0], from], to: [start[1], to] });
  }
  return found;
}
