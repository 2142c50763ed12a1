import { type Block, mismatch } from './block.ts';

/** A tensor read by more nodes than this is not searched for sibling slices. */
const MAX_READERS = 64;

/** Sibling slices that cut one tensor into disjoint parts along one axis, as exporters write split and chunk. */
export const split: Block = {
  name: 'split',
  anchors: ['slice'],
  severalExits: true,
  match(view, first) {
    const x = view.nodes[first]!.inputs[0]!;
    const producer = view.producer(first, 0);
    if (producer < 0) return mismatch(first, 'slices a graph input or a constant');
    if (view.consumerCount[producer]! > MAX_READERS) {
      return mismatch(first, `is one of more than ${MAX_READERS} readers of its input`);
    }
    const shape = view.graph.findTensor(x)?.shape;
    if (shape === undefined) return mismatch(first, 'slices a tensor of unknown shape');
    const parts: { node: number; axis: number; start: number; end: number }[] = [];
    for (let k = 0; k < view.consumerCount[producer]!; k++) {
      const index = view.consumer(producer, k);
      const node = view.nodes[index]!;
      if (node.op !== 'slice' || node.inputs[0] !== x) continue;
      const { axes, starts, ends, steps } = node.attributes;
      const axis = axes[0]!;
      if (axes.length !== 1 || steps[0] !== 1)
        return mismatch(index, 'slices several axes or skips');
      const extent = shape[axis]!;
      parts.push({
        node: index,
        axis,
        start: position(starts[0]!, extent),
        end: position(ends[0]!, extent),
      });
    }
    if (parts.length < 2) return mismatch(first, 'has no sibling slice of the same tensor');
    const nodes = parts.map((part) => part.node);
    parts.sort((a, b) => a.start - b.start);
    for (let k = 1; k < parts.length; k++) {
      if (parts[k]!.axis !== parts[0]!.axis) return mismatch(parts[k]!.node, 'slices another axis');
      if (parts[k]!.start < parts[k - 1]!.end)
        return mismatch(parts[k]!.node, 'overlaps a sibling');
    }
    return nodes;
  },
};

/** A slice bound as a position: negative ones count from the end, all are clamped to the extent. */
function position(bound: number, extent: number): number {
  return Math.min(Math.max(bound < 0 ? bound + extent : bound, 0), extent);
}
