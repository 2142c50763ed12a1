import { Forest, type TreeNodes } from '@nnmeter/forest';
import fc from 'fast-check';

export interface NaiveNode {
  feature?: number;
  value: number;
  left?: NaiveNode;
  right?: NaiveNode;
}

/** Random trees over `features` inputs; `finite` draws thresholds and leaves. */
export function arbitraryTrees(features: number, finite: fc.Arbitrary<number>) {
  const { tree } = fc.letrec<{ tree: NaiveNode }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5, depthSize: 'small' },
      fc.record({ value: finite }),
      fc.record({
        feature: fc.nat(features - 1),
        value: finite,
        left: tie('tree'),
        right: tie('tree'),
      }),
    ),
  }));
  return fc.array(tree, { minLength: 1, maxLength: 6 });
}

export function naivePredict(node: NaiveNode, row: ArrayLike<number>): number {
  if (node.feature === undefined) return node.value;
  const child = Math.fround(row[node.feature]!) <= node.value ? node.left! : node.right!;
  return naivePredict(child, row);
}

function preorder(node: NaiveNode): NaiveNode[] {
  return [
    node,
    ...(node.left ? preorder(node.left) : []),
    ...(node.right ? preorder(node.right) : []),
  ];
}

export function toForest(
  trees: NaiveNode[],
  featureCount: number,
  precision: 'float32' | 'float64',
  aggregation: 'sum' | 'mean' = 'sum',
): Forest {
  const nodes = trees.flatMap(preorder);
  const values = nodes.map((node) => node.value);
  return new Forest({
    featureCount,
    aggregation,
    feature: Int16Array.from(nodes, (node) => node.feature ?? -1),
    value: precision === 'float32' ? Float32Array.from(values) : Float64Array.from(values),
  });
}

/** The tree with its nodes stored breadth first. */
export function toTreeNodes(root: NaiveNode): TreeNodes {
  const nodes = [root];
  for (let i = 0; i < nodes.length; i++) {
    const { left, right } = nodes[i]!;
    if (left && right) nodes.push(left, right);
  }
  const indexOf = (node: NaiveNode | undefined) => (node ? nodes.indexOf(node) : -1);
  return {
    left: nodes.map((node) => indexOf(node.left)),
    right: nodes.map((node) => indexOf(node.right)),
    feature: nodes.map((node) => node.feature ?? -2),
    threshold: nodes.map((node) => node.value),
    value: nodes.map((node) => node.value),
  };
}
