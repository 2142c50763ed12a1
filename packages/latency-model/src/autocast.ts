import { type Graph, type Op, opRow } from '@nnmeter/ir';
import type { Kernel } from '@nnmeter/kernel-detect';
import { KIND, kindOfStage } from './kernel-kind.ts';
import { sumOfElements } from './tensor-elements.ts';

/*
 * PyTorch's automatic mixed precision decides op by op (https://docs.pytorch.org/docs/stable/amp.html, "CUDA Ops that
 * autocast to ..."): products and convolutions convert what they read to float16, some ops compute in float32, all others in
 * the widest type of their operands, among them constants that are tensors of at least one axis. Normalizations are none of
 * the float32 ones here: the networks that devices are learned from were measured with timm's `--fast-norm`, which keeps them
 * in float16 (not said there, but without it their times do not fit).
 */

const CONVOLUTIONS = [KIND.conv, KIND.dwconv, KIND.convtranspose];
const CONVERTS_TO_FLOAT16: ReadonlySet<number> = new Set([
  ...[...CONVOLUTIONS, KIND.fc, KIND.matmul, KIND.recurrent, KIND.attention],
]);

/** By a kernel of its own. */
const CONVERTS_TO_FLOAT32: ReadonlySet<Op> = new Set<Op>(['pow', 'exp', 'log']);

/** While it reads. */
const WRITES_FLOAT32: ReadonlySet<Op> = new Set<Op>([
  ...(['softmax', 'logsoftmax', 'reducesum', 'reducel2', 'reduceprod', 'cumsum'] as const),
]);

/** In elements of 2 bytes: 4 bytes are read and 2 written, or the other way round. */
const CONVERSION = 3;

export interface AutocastCost {
  /** 1 for a normalization, and a convolution to whose result it or a bias adds something for each channel; else 0. */
  readonly hasBias: number;
  /** What is moved beyond tensors of float16, for conversions and tensors of float32, in elements of 2 bytes. */
  readonly float32Elements: number;
}

/** What automatic mixed precision has each kernel of a graph add and move. */
export function autocastCosts(kernels: readonly Kernel[], graph: Graph): readonly AutocastCost[] {
  const isFloat32 = new Set<string>();
  const costOf = (kernel: Kernel): number => {
    const { root, inputs, outputs, stages } = kernel;
    const wide = sumOfElements(inputs.filter(({ name }) => isFloat32.has(name)));
    if (CONVERTS_TO_FLOAT16.has(kindOfStage(stages[0]!))) return CONVERSION * wide;
    const isConverted = CONVERTS_TO_FLOAT32.has(root.op);
    const writesFloat32 =
      isConverted || wide > 0 || WRITES_FLOAT32.has(root.op) || isPromoted(kernel, graph);
    if (!writesFloat32) return 0;
    for (const { name } of outputs) isFloat32.add(name);
    const converted = isConverted ? sumOfElements(inputs) - wide : 0;
    return (CONVERSION + 1) * converted + wide + sumOfElements(outputs);
  };
  return kernels.map((kernel) => ({
    hasBias: hasBias(kernel) ? 1 : 0,
    float32Elements: costOf(kernel),
  }));
}

/** Nearly all convolutions have one, so those too of which a model tells no weights. */
function hasBias({ root, nodes, stages }: Kernel): boolean {
  const kind = kindOfStage(stages[0]!);
  if (!CONVOLUTIONS.includes(kind)) return kind === KIND.bn;
  return root.inputs.length !== 2 || stages.includes('bn') || nodes.some(({ op }) => op === 'add');
}

/** Whether an arithmetic operation has a constant with axes for an operand. */
function isPromoted({ root: { op, inputs } }: Kernel, graph: Graph): boolean {
  if (opRow(op).elementwise !== true || op === 'prelu' || inputs.length < 2) return false;
  return inputs.some((name) => {
    const { kind, dataType, shape = [] } = graph.findTensor(name) ?? {};
    return kind === 'constant' && dataType === 'float32' && shape.length > 0;
  });
}
