import type { Node, Tensor } from '@nnmeter/ir';

/**
 * Freezing turns batch normalization into a product and a sum with one constant per channel; converters to device
 * formats read the pair as batch normalization again, and so does this; the products are gone then. Nodes must be in
 * topological order.
 */
export function mergeBatchNormalization(
  nodes: readonly Node[],
  tensors: ReadonlyMap<string, Tensor>,
  results: ReadonlySet<string>,
): { readonly nodes: readonly Node[]; readonly tensors: readonly Tensor[] } {
  const readers = new Map<string, Node[]>();
  for (const node of nodes) {
    for (const input of new Set(node.inputs)) {
      const list = readers.get(input);
      if (list === undefined) readers.set(input, [node]);
      else list.push(node);
    }
  }
  const replaced = new Map<Node, Node>();
  const dropped = new Set<Node>();
  const gone = new Set<string>();
  for (const product of nodes) {
    const scaled = product.op === 'mul' ? perChannel(product, tensors) : undefined;
    const [result] = product.outputs;
    if (scaled === undefined || result === undefined || results.has(result)) continue;
    const next = readers.get(result) ?? [];
    const sum = next.length === 1 ? next[0]! : undefined;
    const offset = sum?.op === 'add' ? perChannel(sum, tensors) : undefined;
    if (sum === undefined || offset?.data !== result) continue;
    dropped.add(product);
    gone.add(result);
    replaced.set(sum, {
      name: sum.name,
      op: 'bn',
      attributes: {},
      inputs: [scaled.data, scaled.constant, offset.constant],
      outputs: sum.outputs,
      sourceOp: 'FusedBatchNormV3',
    });
  }
  return {
    nodes: nodes.flatMap((node) => (dropped.has(node) ? [] : (replaced.get(node) ?? node))),
    tensors: [...tensors.values()].filter(({ name }) => !gone.has(name)),
  };
}

/** The operands of an op between a tensor and one constant per channel of its last axis, or of its layout's. */
function perChannel(
  node: Node,
  tensors: ReadonlyMap<string, Tensor>,
): { data: string; constant: string } | undefined {
  const [left, right] = node.inputs.map((name) => tensors.get(name));
  if (left === undefined || right === undefined) return undefined;
  const [data, constant] = left.kind === 'constant' ? [right, left] : [left, right];
  if (constant.kind !== 'constant' || data.kind === 'constant' || data.shape === undefined)
    return undefined;
  const axis = data.layout?.indexOf('C') ?? -1;
  const channels = axis < 0 ? data.shape.at(-1) : data.shape[axis];
  const extents = (constant.shape ?? []).filter((extent) => extent !== 1);
  if (data.shape.length < 4 || extents.length !== 1 || extents[0] !== channels) return undefined;
  return { data: data.name, constant: constant.name };
}
