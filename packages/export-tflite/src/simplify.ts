import { foldIntoWeights } from '@nnmeter/export';
import { createGraph, type Graph, type Node, type Op, type Tensor } from '@nnmeter/ir';
import { detectKernels, type Kernel } from '@nnmeter/kernel-detect';

/** Blocks that are one operator in TFLite. */
const OPERATORS: readonly Op[] = ['gelu', 'hswish'];

/**
 * The graph as TFLite says it: batch normalization and sums with a constant a channel are part of the layer before
 * them, a Gaussian error linear unit or hard swish that is written out is one op, and weights that are stored in half
 * the precision are what interpreters compute with.
 */
export function simplify(graph: Graph): Graph {
  return withBlocksAsOps(foldIntoWeights(withFullWeights(graph)));
}

function withFullWeights(graph: Graph): Graph {
  const isHalf = ({ kind, dataType }: Tensor): boolean =>
    kind === 'constant' && dataType === 'float16';
  const tensors = [...graph.tensors.values()];
  if (!tensors.some(isHalf)) return graph;
  return createGraph({
    name: graph.name,
    nodes: graph.nodes,
    tensors: tensors.map((each) => (isHalf(each) ? { ...each, dataType: 'float32' } : each)),
    inputs: graph.inputs,
    outputs: graph.outputs,
    metadata: graph.metadata,
    warnings: graph.warnings,
  });
}

function withBlocksAsOps(graph: Graph): Graph {
  const replaced = new Map<Node, Node | undefined>();
  for (const kernel of detectKernels(graph, { fuse: {} })) {
    const op = OPERATORS.find((each) => each === kernel.type);
    if (op === undefined || kernel.nodes.length === 1 || !isExact(kernel)) continue;
    for (const node of kernel.nodes) replaced.set(node, undefined);
    const last = kernel.nodes.at(-1)!;
    const { name, outputs, sourceOp } = last;
    const inputs = kernel.inputs.map((tensor) => tensor.name);
    replaced.set(last, { name, op, attributes: {}, inputs, outputs, sourceOp } as Node);
  }
  if (replaced.size === 0) return graph;
  const nodes = graph.nodes.flatMap((node) => {
    const other = replaced.has(node) ? replaced.get(node) : node;
    return other === undefined ? [] : [other];
  });
  const used = new Set([
    ...nodes.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]),
    ...graph.inputs,
    ...graph.outputs,
  ]);
  return createGraph({
    name: graph.name,
    nodes,
    tensors: [...graph.tensors.values()].filter(({ name }) => used.has(name)),
    inputs: graph.inputs,
    outputs: graph.outputs,
    metadata: graph.metadata,
    warnings: graph.warnings,
  });
}

/** Approximations of the error function stay what they are. */
function isExact({ type, nodes }: Kernel): boolean {
  return type !== 'gelu' || nodes.some(({ op }) => op === 'erf');
}
