import { type Graph, inputShapeHint, NnMeterError, type Node, quote } from '@nnmeter/ir';

/**
 * Refuses a graph of which nothing can be predicted: no node whose activations all have known shapes.
 * @throws NnMeterError E_MISSING_DIMENSION naming the inputs whose shapes are missing, or the first node that leaves a
 * result of unknown shape
 */
export function requireShapes(graph: Graph): void {
  const [first] = graph.nodes;
  if (first === undefined || graph.nodes.some((node) => hasShapes(node, graph))) return;
  const inputs = graph.inputs.filter((name) => graph.tensor(name).shape === undefined);
  const [input] = inputs;
  const reason =
    input === undefined
      ? `the shape of the result of ${quote(first.name)} (${first.sourceOp}) is unknown`
      : `the shape of input ${inputs.map(quote).join(', ')} is unknown`;
  throw new NnMeterError(
    'E_MISSING_DIMENSION',
    `nothing of ${quote(graph.name)} can be predicted: ${reason}`,
    input === undefined
      ? {
          where: { node: first.name, op: first.sourceOp },
          hint: 'give a model that states its shapes',
        }
      : { where: { input }, hint: inputShapeHint(input, [1, 3, 224, 224]) },
  );
}

function hasShapes(node: Node, graph: Graph): boolean {
  const isKnown = (name: string): boolean => {
    const tensor = graph.findTensor(name);
    return tensor === undefined || tensor.kind === 'constant' || tensor.shape !== undefined;
  };
  return node.outputs.every(isKnown) && node.inputs.every(isKnown);
}
