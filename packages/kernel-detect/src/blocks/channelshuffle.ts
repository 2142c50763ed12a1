import { NONE } from '../graph-view.ts';
import { type Block, mismatch } from './block.ts';

/** reshape (channels into groups), transpose (groups and channels within), reshape back; channels first or last. */
export const channelshuffle: Block = {
  name: 'channelshuffle',
  anchors: ['reshape'],
  match(view, split) {
    const transpose = view.next(split, 'transpose');
    if (transpose === NONE) return mismatch(split, 'is not read by one transpose only');
    const node = view.nodes[transpose]!;
    if (node.op !== 'transpose') return mismatch(transpose, 'is not a transpose');
    const { perm } = node.attributes;
    const axis = perm.findIndex((from, to) => from !== to);
    const swapsNeighbours =
      axis >= 0 &&
      perm[axis] === axis + 1 &&
      perm[axis + 1] === axis &&
      perm.every((from, to) => from === to || to === axis || to === axis + 1);
    if (!swapsNeighbours) return mismatch(transpose, 'does not swap two neighbouring axes');
    const merge = view.next(transpose, 'reshape');
    if (merge === NONE) return mismatch(transpose, 'is not read by one reshape only');

    const input = view.dataInput(split);
    const before = input === undefined ? undefined : view.graph.tensors.get(input)?.shape;
    const grouped = view.firstOutput(split)?.shape;
    const after = view.firstOutput(merge)?.shape;
    if (before === undefined || grouped === undefined || after === undefined) {
      return mismatch(split, 'has no known shape');
    }
    const joined = [
      ...grouped.slice(0, axis),
      grouped[axis]! * grouped[axis + 1]!,
      ...grouped.slice(axis + 2),
    ];
    // nn-Meter IR gives images channels last even where the source grouped them channels first.
    const joinedChannelsLast = [...joined.slice(0, 1), ...joined.slice(2), ...joined.slice(1, 2)];
    const isJoined = (shape: readonly number[]): boolean =>
      equal(joined, shape) || (axis === 1 && equal(joinedChannelsLast, shape));
    if (!isJoined(before)) return mismatch(split, 'does not split one axis into the two swapped');
    if (!isJoined(after)) return mismatch(merge, 'does not restore the shape');
    return [split, transpose, merge];
  },
};

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}
