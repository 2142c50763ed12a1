import type { Graph, Node } from '@nnmeter/ir';

/**
 * A graph without its names: per node the op, its attributes, where each computed operand comes from (index of the
 * node, or the input), shapes of operands and results, and unless told otherwise the values of scalars and the source's
 * op. Numbers are rounded to float32. Nodes that hand their operand on, which exporters leave behind, are passed over.
 */
export function comparable(
  graph: Graph,
  { scalars = true, sourceOps = true }: { scalars?: boolean; sourceOps?: boolean } = {},
): unknown[] {
  const nodes = graph.nodes.filter(({ op }) => op !== 'identity');
  const index = new Map(nodes.map((node, position) => [node.name, position]));
  return nodes.map((node) => ({
    op: node.op,
    ...(sourceOps && { sourceOp: node.sourceOp }),
    attributes: attributesOf(graph, node),
    inputs: node.inputs.map((name) => {
      const tensor = graph.tensor(name);
      const producer = workBehind(graph, name);
      return [
        tensor.shape,
        tensor.kind === 'constant'
          ? scalars
            ? rounded(scalar(tensor))
            : 'constant'
          : index.get(producer?.name ?? ''),
      ];
    }),
    outputs: node.outputs.map((name) => graph.tensor(name).shape),
  }));
}

function workBehind(graph: Graph, tensor: string): Node | undefined {
  const producer = graph.producer(tensor);
  return producer?.op === 'identity' ? workBehind(graph, producer.inputs[0]!) : producer;
}

function scalar(tensor: { shape?: readonly number[]; values?: readonly number[] }) {
  return tensor.shape?.length === 0 ? tensor.values : 'constant';
}

/** Slices may state the same range in several ways: -3 or 53 of 56. */
function attributesOf(graph: Graph, node: Node): unknown {
  if (node.op !== 'slice') return rounded(node.attributes);
  const shape = graph.tensor(node.inputs[0]!).shape!;
  const { starts, ends, axes, steps } = node.attributes;
  const absolute = (position: number, axis: number): number => {
    const extent = shape[axis]!;
    return Math.min(position < 0 ? position + extent : position, extent);
  };
  return {
    starts: starts.map((start, at) => absolute(start, axes[at]!)),
    ends: ends.map((end, at) => absolute(end, axes[at]!)),
    axes,
    steps,
  };
}

function rounded(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value ?? null, (_, item) =>
      typeof item === 'number' ? Math.fround(item) : item,
    ),
  );
}
