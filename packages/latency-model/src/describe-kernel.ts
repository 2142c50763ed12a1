import {
  elementCount,
  type Graph,
  type ImageDimensions,
  imageDimensions,
  locateError,
  macsOfNodes,
  NnMeterError,
  type Node,
  type NodeOf,
  type Tensor,
} from '@nnmeter/ir';
import type { Kernel } from '@nnmeter/kernel-detect';
import { activationOf } from './activation.ts';
import { autocastCosts } from './autocast.ts';
import { besideHardwareUnit } from './beside.ts';
import { fusedStage } from './fused-stages.ts';
import { isPooled } from './is-pooled.ts';
import type { KernelDescription } from './kernel-description.ts';
import { KERNEL_KINDS, KIND, kindOfStage } from './kernel-kind.ts';
import { elementsOf, sumOfElements } from './tensor-elements.ts';
import type { TermSetName } from './term-sets.ts';

const NO_DIMENSIONS: ImageDimensions = { batch: 1, depth: 1, height: 1, width: 1, channels: 1 };

/** Whether all tensors a kernel reads and leaves have known shapes. */
export function hasShapes(kernel: Kernel): boolean {
  return (
    kernel.inputs.every(({ shape }) => shape !== undefined) &&
    kernel.outputs.every(({ shape }) => shape !== undefined)
  );
}

/**
 * Reads the numbers of all kernels of a graph: on a VPU also which of them run at the same time, under CUDA what automatic
 * mixed precision does to them.
 * @param kernels the kernels of the whole graph
 * @returns by kernel; undefined for one that has a tensor of unknown shape
 * @throws NnMeterError E_INVALID_GRAPH naming the node of a kernel whose window, strides, dilations or groups are less than 1
 */
export function describeKernels(
  kernels: readonly Kernel[],
  graph: Graph,
  terms: TermSetName,
): readonly (KernelDescription | undefined)[] {
  const descriptions = describeAlone(kernels, graph);
  if (terms === 'cuda') {
    const costs = autocastCosts(kernels, graph);
    return descriptions.map(
      (description, index) => description && { ...description, ...costs[index]! },
    );
  }
  if (terms !== 'vpu') return descriptions;
  const beside = besideHardwareUnit(kernels, descriptions);
  return descriptions.map((description, index) => {
    const host = beside[index]! < 0 ? undefined : descriptions[beside[index]!];
    return description && host ? { ...description, beside: host } : description;
  });
}

/** The kernels of a graph that were described last. */
interface Described {
  kernels: readonly Kernel[] | undefined;
  descriptions: readonly (KernelDescription | undefined)[];
}

const nothingDescribed = (): Described => ({ kernels: undefined, descriptions: [] });

/** As if none ran beside another; devices that have the same kernels, one after the other, share the list. */
function describeAlone(
  kernels: readonly Kernel[],
  graph: Graph,
): readonly (KernelDescription | undefined)[] {
  const last = graph.derived(nothingDescribed);
  if (last.kernels === kernels) return last.descriptions;
  const descriptions = kernels.map((kernel) => {
    if (!hasShapes(kernel)) return undefined;
    try {
      return describeKernel(kernel, graph);
    } catch (error) {
      throw locateError({ node: kernel.root.name, op: kernel.root.sourceOp }, error);
    }
  });
  last.kernels = kernels;
  last.descriptions = descriptions;
  return descriptions;
}

/**
 * Reads a kernel's numbers.
 * @param graph the network that it is of
 * @throws NnMeterError E_INVALID_GRAPH if its window, strides, dilations or groups are less than 1
 */
export function describeKernel(kernel: Kernel, graph: Graph): KernelDescription {
  const { root, stages, inputs, outputs } = kernel;
  const stage = stages[0]!;
  const kind = kindOfStage(stage);
  const result = firstResult(kernel, kind, graph);
  const isProduct = root.op === 'fc';
  const { input, output, inner } =
    kind === KIND.attention
      ? attentionExtents(kernel, graph)
      : extentsOf(kernel, kind, graph, result);
  const window = windowOf(root);
  requireWindow(window);
  const isVariant = isProduct
    ? input.width > 1
    : isUnmeasured(window, kind) || (kind === KIND.split && !isHalving(kernel));
  const written = sumOfElements(outputs);
  let fusedKinds = 0;
  let operations = 0;
  for (let index = 1; index < stages.length; index++) {
    const fused = fusedStage(stages[index]!);
    fusedKinds |= fused.bit;
    operations += fused.operations;
  }
  const outputElements = operations === 0 ? written : Math.max(written, elementsOf(result));
  return {
    kind,
    borrowsKind: KERNEL_KINDS[kind] === stage ? 0 : 1,
    unmeasuredVariant: isVariant ? 1 : 0,
    batch: input.batch,
    depth: input.depth,
    height: input.height,
    width: input.width,
    channels: input.channels,
    outDepth: output.depth,
    outHeight: output.height,
    outWidth: output.width,
    outChannels: output.channels,
    kernelDepth: window.depth,
    kernelHeight: window.height,
    kernelWidth: window.width,
    strideHeight: window.strideHeight,
    strideWidth: window.strideWidth,
    dilation: window.dilation,
    groups: stage === 'groupnorm' ? normalizedGroups(root, input.channels, result) : window.groups,
    activation: activationOf(kernel),
    fusedKinds,
    unmeasuredOperations:
      operations === 0 ? 0 : operations * outputElements + fusedMacs(kernel, graph),
    fusedInputs: stages.length > 1 ? fusedInputs(kernel) : 0,
    readByPoolingOnly: kind === KIND.conv && isPooled(kernel, graph) ? 1 : 0,
    inputs: inputs.length,
    outputs: outputs.length,
    unalignedConcatElements: kind === KIND.concat ? unalignedElements(inputs) : 0,
    inner,
    inputElements: sumOfElements(inputs),
    outputElements,
    hasBias: 0,
    float32Elements: 0,
  };
}

interface Extents {
  readonly input: ImageDimensions;
  readonly output: ImageDimensions;
  readonly inner: number;
}

function extentsOf(
  kernel: Kernel,
  kind: number,
  graph: Graph,
  result: Tensor | undefined,
): Extents {
  const inner = innerExtent(kernel, kind, graph);
  const [first] = kernel.inputs;
  if (kernel.root.op !== 'fc')
    return { input: dimensionsOf(first), output: dimensionsOf(result), inner };
  const input = productExtents(first);
  return { input, output: productExtents(result, input.width), inner };
}

/**
 * Heads as the height, queries as the width, and their channels; of the result the channels of the values; keys as the
 * inner extent. So they are alike however the products are written, as MatMul or Einsum, with or without a batch axis.
 */
function attentionExtents({ nodes, positions }: Kernel, graph: Graph): Extents {
  const softmax = nodes.find((node): node is NodeOf<'softmax'> => node.op === 'softmax')!;
  const { axis } = softmax.attributes;
  const shape = graph.findTensor(softmax.outputs[0]!)?.shape ?? [];
  const scores = elementCount(shape);
  const inner = shape.at(axis) ?? 1;
  const width = shape.at(axis - 1) ?? 1;
  const macs = macsOfNodes(graph);
  const channelsOf = (position: number): number => (macs[position] || 0) / Math.max(1, scores);
  const rows = {
    batch: 1,
    depth: 1,
    height: scores / Math.max(1, inner * width),
    width,
  };
  return {
    input: { ...rows, channels: channelsOf(positions[0]!) },
    output: { ...rows, channels: channelsOf(positions.at(-1)!) },
    inner,
  };
}

/** What the first stage writes: for blocks that are one operation the kernel's result. */
function firstResult(kernel: Kernel, kind: number, graph: Graph): Tensor | undefined {
  const first = kernel.root.outputs[0]!;
  const isOne = kind === KIND.se || kind === KIND.channelshuffle || kernel.nodes.length === 1;
  return (isOne ? kernel.outputs[0] : undefined) ?? graph.findTensor(first);
}

function dimensionsOf(tensor: Tensor | undefined): ImageDimensions {
  return tensor?.shape === undefined ? NO_DIMENSIONS : imageDimensions(tensor.shape, tensor.layout);
}

/** Operand or result of a fully connected layer: rows of the product are the pixels of a 1x1 convolution. */
function productExtents(tensor: Tensor | undefined, rows?: number): ImageDimensions {
  const channels = tensor?.shape?.at(-1) ?? 1;
  const width = rows ?? (channels === 0 ? 0 : elementsOf(tensor) / channels);
  return { batch: 1, depth: 1, height: 1, width, channels };
}

interface Window {
  readonly axes: number;
  readonly depth: number;
  readonly height: number;
  readonly width: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilation: number;
  readonly groups: number;
}

const NO_WINDOW: Window = {
  axes: 2,
  depth: 1,
  height: 1,
  width: 1,
  strideHeight: 1,
  strideWidth: 1,
  dilation: 1,
  groups: 1,
};

/** Plans of tiles would go on for ever over a stride of 0. */
function requireWindow(window: Window): void {
  const { depth, height, width, strideHeight, strideWidth, dilation, groups } = window;
  if (Math.min(depth, height, width, strideHeight, strideWidth, dilation, groups) >= 1) return;
  const numbers = [depth, height, width, strideHeight, strideWidth, dilation, groups];
  throw new NnMeterError(
    'E_INVALID_GRAPH',
    `its window, strides, dilation and groups must be at least 1; they are ${numbers.join(', ')}`,
  );
}

function windowOf(node: Node): Window {
  switch (node.op) {
    case 'conv':
    case 'dwconv':
    case 'convtranspose':
    case 'maxpool':
    case 'avgpool':
    case 'lppool': {
      const { kernelShape, strides, dilations } = node.attributes;
      let dilation = 1;
      for (const each of dilations) if (each > dilation) dilation = each;
      return {
        axes: kernelShape.length,
        depth: fromEnd(kernelShape, 3),
        height: fromEnd(kernelShape, 2),
        width: fromEnd(kernelShape, 1),
        strideHeight: fromEnd(strides, 2),
        strideWidth: fromEnd(strides, 1),
        dilation,
        groups: 'group' in node.attributes ? node.attributes.group : 1,
      };
    }
    default:
      return NO_WINDOW;
  }
}

/** Value of a spatial list counted from its last axis (width first), 1 where the list is shorter. */
function fromEnd(list: readonly number[], offset: number): number {
  return offset > list.length ? 1 : list[list.length - offset]!;
}

function isUnmeasured({ axes, dilation, groups }: Window, kind: number): boolean {
  return axes !== 2 || dilation > 1 || (kind === KIND.conv && groups > 1);
}

/** Into two equal parts, as all splits of the benchmark are. */
function isHalving({ outputs }: Kernel): boolean {
  return outputs.length === 2 && elementsOf(outputs[0]) === elementsOf(outputs[1]);
}

function innerExtent(kernel: Kernel, kind: number, graph: Graph): number {
  const { root } = kernel;
  if (kind === KIND.se) {
    const first = kernel.nodes.find((node) => node.op === 'conv' || node.op === 'fc');
    return dimensionsOf(first && graph.findTensor(first.outputs[0]!)).channels;
  }
  switch (root.op) {
    case 'matmul':
      return fromEnd(kernel.inputs[0]?.shape ?? [], root.attributes.transposeA ? 2 : 1);
    case 'lstm':
    case 'gru':
    case 'rnn':
      return root.attributes.hiddenSize;
    default:
      return 0;
  }
}

/** Of a group normalization, an op or written out: then its channels are divided into groups first. */
function normalizedGroups(root: Node, channels: number, divided: Tensor | undefined): number {
  if (root.op === 'groupnorm') return root.attributes.groups ?? 1;
  const [, second = 1, ...others] = divided?.shape ?? [];
  return channels % second === 0 ? second : (others.at(-1) ?? 1);
}

/** Number of computed tensors that the root does not read. */
function fusedInputs({ root, inputs }: Kernel): number {
  let count = 0;
  for (const { name } of inputs) if (!root.inputs.includes(name)) count++;
  return count;
}

/** Multiply-accumulates of all nodes but the root. */
function fusedMacs({ rootPosition, positions }: Kernel, graph: Graph): number {
  const macs = macsOfNodes(graph);
  let sum = 0;
  for (const position of positions) if (position !== rootPosition) sum += macs[position] || 0;
  return sum;
}

function unalignedElements(inputs: readonly Tensor[]): number {
  let offset = 0;
  let elements = 0;
  for (const input of inputs) {
    if (offset % 4 !== 0) elements += elementsOf(input);
    offset += dimensionsOf(input).channels;
  }
  return elements;
}
