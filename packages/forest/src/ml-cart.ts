import { NnMeterError } from '@nnmeter/ir';
import type { Aggregation, Forest } from './forest.ts';
import { forestFromTrees, type TreeNodes } from './from-trees.ts';

/** JSON of ml-cart's `DecisionTreeRegression` (`toJSON()`, `load()`): rows with x < splitValue go left. */
export interface MlCartTree {
  name: 'DTRegression';
  options: Record<string, unknown>;
  root: MlCartNode;
}

export interface MlCartNode {
  /** Output of a leaf; absent in splits. */
  distribution?: number;
  splitColumn?: number;
  splitValue?: number;
  left?: MlCartNode;
  right?: MlCartNode;
}

const OPTIONS = {
  kind: 'regression',
  gainFunction: 'regression',
  splitFunction: 'mean',
  minNumSamples: 3,
  maxDepth: 1e9,
};

/** One ml-cart tree per tree of the forest; equal to it on rows that are exact in float32. */
export function forestToMlCart(forest: Forest): MlCartTree[] {
  return Array.from(forest.roots, (root) => ({
    name: 'DTRegression' as const,
    options: { ...OPTIONS },
    root: toMlCartNode(forest, root),
  }));
}

function toMlCartNode({ feature, value, right }: Forest, root: number): MlCartNode {
  const top: MlCartNode = {};
  const pending: [MlCartNode, number][] = [[top, root]];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [target, node] = next;
    if (feature[node]! < 0) {
      target.distribution = value[node]!;
      continue;
    }
    target.splitColumn = feature[node]!;
    target.splitValue = adjacentFloat64(value[node]!, 1);
    target.left = {};
    target.right = {};
    pending.push([target.left, node + 1], [target.right, right[node]!]);
  }
  return top;
}

/**
 * Reads ml-cart trees: instances of `DecisionTreeRegression`, their `toJSON()`, or that JSON parsed again.
 * @throws NnMeterError E_WEIGHTS if they are something else
 */
export function forestFromMlCart(
  models: readonly MlCartTree[],
  options: { featureCount: number; aggregation: Aggregation },
): Forest {
  return forestFromTrees(models.map(toTreeNodes), options);
}

function toTreeNodes(model: MlCartTree, index: number): TreeNodes {
  if (typeof model?.root !== 'object' || (model.name ?? 'DTRegression') !== 'DTRegression') {
    throw notMlCart(`tree ${index} is no ml-cart DecisionTreeRegression`);
  }
  const nodes: MlCartNode[] = [model.root];
  const left: number[] = [];
  const right: number[] = [];
  for (let i = 0; i < nodes.length; i++) {
    const { distribution, left: low, right: high, splitColumn, splitValue } = nodes[i]!;
    if (typeof distribution === 'number') {
      left.push(-1);
      right.push(-1);
    } else if (low && high && splitColumn !== undefined && splitValue !== undefined) {
      left.push(nodes.push(low) - 1);
      right.push(nodes.push(high) - 1);
    } else {
      throw notMlCart(`node ${i} of tree ${index} is neither a split nor a numeric leaf`);
    }
  }
  return {
    left,
    right,
    feature: nodes.map((node) => node.splitColumn ?? -1),
    threshold: nodes.map((node) => adjacentFloat64(node.splitValue ?? 0, -1)),
    value: nodes.map((node) => node.distribution ?? 0),
  };
}

/** The next float64 above (direction 1) or below (-1) x: x < adjacent(t, 1) holds exactly when x <= t. */
function adjacentFloat64(x: number, direction: 1 | -1): number {
  if (x === 0) return direction * Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  view.setBigInt64(0, view.getBigInt64(0) + BigInt(x > 0 ? direction : -direction));
  return view.getFloat64(0);
}

function notMlCart(reason: string): NnMeterError {
  return new NnMeterError('E_WEIGHTS', `${reason}; pass the result of its toJSON()`);
}
