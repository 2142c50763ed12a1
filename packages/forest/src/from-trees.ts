import { NnMeterError } from '@nnmeter/ir';
import { type Aggregation, Forest, LEAF } from './forest.ts';

/** A tree with explicit children, root first, nodes otherwise in any order (as scikit-learn stores it). */
export interface TreeNodes {
  /** Index of the left child; negative for a leaf. */
  left: ArrayLike<number>;
  right: ArrayLike<number>;
  feature: ArrayLike<number>;
  /** A row goes left if `Math.fround(x) <= threshold`. */
  threshold: ArrayLike<number>;
  /** Output of leaves. */
  value: ArrayLike<number>;
}

/**
 * Copies trees into a float64 forest.
 * @throws NnMeterError E_WEIGHTS for children outside of the tree, cycles or shared children
 */
export function forestFromTrees(
  trees: readonly TreeNodes[],
  { featureCount, aggregation }: { featureCount: number; aggregation: Aggregation },
): Forest {
  const capacity = trees.reduce((sum, tree) => sum + tree.left.length, 0);
  const feature = new Int16Array(capacity);
  const value = new Float64Array(capacity);
  let end = 0;
  const pending: number[] = [];
  trees.forEach((tree, index) => {
    const size = tree.left.length;
    const limit = end + size;
    pending.push(0);
    while (pending.length > 0) {
      const node = pending.pop()!;
      if (!(node >= 0 && node < size)) {
        throw malformed(`tree ${index} has ${size} nodes but refers to node ${node}`);
      }
      if (end === limit) throw malformed(`tree ${index} reaches a node twice`);
      const left = tree.left[node]!;
      if (left < 0) {
        feature[end] = LEAF;
        value[end] = tree.value[node]!;
      } else {
        const id = tree.feature[node]!;
        if (!(Number.isInteger(id) && id >= 0 && id < featureCount)) {
          throw malformed(`tree ${index} tests feature ${id} of ${featureCount}`);
        }
        feature[end] = id;
        value[end] = tree.threshold[node]!;
        pending.push(tree.right[node]!, left);
      }
      end++;
    }
  });
  return new Forest({
    featureCount,
    aggregation,
    feature: feature.subarray(0, end),
    value: value.subarray(0, end),
  });
}

function malformed(reason: string): NnMeterError {
  return new NnMeterError('E_WEIGHTS', `malformed forest: ${reason}`);
}
