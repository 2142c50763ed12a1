import type { Attributes } from './attributes.ts';
import type { TfNode } from './flatten.ts';

/** The op that a fused node begins with, and how many operands it takes. */
const FIRST = new Map<string, readonly [op: string, operands: number]>(
  Object.entries({
    _FusedConv2D: ['Conv2D', 2],
    _FusedConv3D: ['Conv3D', 2],
    _FusedDepthwiseConv2dNative: ['DepthwiseConv2dNative', 2],
    _FusedMatMul: ['MatMul', 2],
    _FusedBatchNormEx: ['FusedBatchNormV3', 5],
  }),
);

/** What follows, by its name in `fused_ops`, with the operands it takes besides the result before it; others take none. */
const NEXT = new Map<string, readonly [op: string, operands: number]>(
  Object.entries({
    BiasAdd: ['BiasAdd', 1],
    FusedBatchNorm: ['FusedBatchNormV3', 4],
    Add: ['AddV2', 1],
  }),
);

const decoder = new TextDecoder();

/** Nodes in which TensorFlow's optimizer put several ops. */
export const FUSED_OPS: readonly string[] = [...FIRST.keys()];

/**
 * The nodes that TensorFlow's optimizer fused into one, in their order; the last has its name, so that its readers need
 * not change. Undefined for other nodes.
 */
export function unfused(node: TfNode): readonly TfNode[] | undefined {
  const first = FIRST.get(node.op);
  if (first === undefined) return undefined;
  const operands = [...node.inputs];
  const steps = [first, ...stepsOf(node)].map(([op, count]) => ({
    op,
    inputs: operands.splice(0, count),
  }));
  return steps.map(({ op, inputs }, index) => ({
    ...node,
    name: index === steps.length - 1 ? node.name : `${node.name}[${index}]`,
    op,
    inputs: index === 0 ? inputs : [`${node.name}[${index - 1}]:0`, ...inputs],
    attributes: op === 'LeakyRelu' ? leakyRelu(node.attributes) : node.attributes,
  }));
}

function stepsOf({ op, attributes }: TfNode): (readonly [op: string, operands: number])[] {
  if (op === '_FusedBatchNormEx') {
    const activation = decoder.decode(attributes.get('activation_mode')?.s ?? new Uint8Array());
    return [
      ...((attributes.get('num_side_inputs')?.i ?? 0) > 0 ? [['AddV2', 1] as const] : []),
      ...(activation === '' || activation === 'Identity' ? [] : [[activation, 0] as const]),
    ];
  }
  return (attributes.get('fused_ops')?.list?.s ?? []).map((bytes) => {
    const name = decoder.decode(bytes);
    return NEXT.get(name) ?? [name, 0];
  });
}

function leakyRelu(attributes: Attributes): Attributes {
  return attributes.with('alpha', attributes.get('leakyrelu_alpha') ?? {});
}
