import {
  elementCount,
  type Graph,
  type ImageDimensions,
  imageDimensions,
  type Tensor,
} from '@nnmeter/ir';
import type { Kernel } from '@nnmeter/kernel-detect';
import { isPooled } from './is-pooled.ts';
import { isKindItself, KIND, kindOfStage } from './kernel-kind.ts';

/** Activation fused into (or being) a kernel. */
export const ACTIVATION = { none: 0, relu: 1, relu6: 2, hswish: 3, other: 4 } as const;

/**
 * A kernel as plain numbers: all that a latency model may look at. Extents are those of the kernel's first stage; a side
 * that a tensor does not have is 1. Equal descriptions have equal latencies.
 */
export interface KernelDescription {
  /** Index into `KERNEL_KINDS`. */
  readonly kind: number;
  /** 1 if the first stage is an op that only borrows the kind's cost (`sub` for `add`), or a variant never measured. */
  readonly borrowed: number;
  readonly batch: number;
  readonly depth: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outDepth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  readonly kernelDepth: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilation: number;
  readonly groups: number;
  /** One of `ACTIVATION`. */
  readonly activation: number;
  /** 1 + kind of the kernel whose result a plain or fused add reads last; 0 without an add. */
  readonly addFollows: number;
  /** 1 if only a pooling reads a convolution's result, directly or after a concat; else 0. */
  readonly pooled: number;
  /** Number of computed tensors read. */
  readonly inputs: number;
  /** Elements that a concat copies to a channel offset that is no multiple of 4. */
  readonly misaligned: number;
  /** Channels between the two convolutions of a squeeze-and-excite block; reduced extent of a matmul. */
  readonly inner: number;
  /** Elements of all computed tensors read. */
  readonly inputElements: number;
  /** Elements of all tensors written. */
  readonly outputElements: number;
}

const NO_DIMENSIONS: ImageDimensions = { batch: 1, depth: 1, height: 1, width: 1, channels: 1 };

function dimensionsOf(tensor: Tensor | undefined): ImageDimensions {
  return tensor?.shape === undefined ? NO_DIMENSIONS : imageDimensions(tensor.shape, tensor.layout);
}

function elementsOf(tensor: Tensor | undefined): number {
  return tensor?.shape === undefined ? 0 : elementCount(tensor.shape);
}

/** Value of a spatial list counted from its last axis (width first); `fallback` where the list is shorter. */
function fromEnd(list: readonly number[], offset: number, fallback = 1): number {
  return offset > list.length ? fallback : list[list.length - offset]!;
}

function activationOf(kernel: Kernel): number {
  for (let index = kernel.nodes.length - 1; index >= 0; index--) {
    const node = kernel.nodes[index]!;
    if (node.op === 'relu') {
      if (kernel.ops[kernel.ops.length - 1] === 'hswish') return ACTIVATION.hswish;
      return node.attributes.max === 6 ? ACTIVATION.relu6 : ACTIVATION.relu;
    }
    if (node.op === 'hswish' || node.op === 'swish') return ACTIVATION.hswish;
    if (node.op === 'sigmoid' || node.op === 'tanh' || node.op === 'gelu' || node.op === 'clip')
      return ACTIVATION.other;
  }
  return ACTIVATION.none;
}

/** Elements that land on channel offsets which are no multiple of 4, the texel width of mobile GPUs. */
function misalignedElements(kernel: Kernel): number {
  let offset = 0;
  let elements = 0;
  for (const input of kernel.inputs) {
    const { channels } = dimensionsOf(input);
    if (offset % 4 !== 0) elements += elementsOf(input);
    offset += channels;
  }
  return elements;
}

/** Kind of the last kernel an add reads, plus 1; 0 for the graph's own input. */
function addFollows(kernel: Kernel, kernels: readonly Kernel[]): number {
  if (!kernel.ops.includes('add')) return 0;
  const last = kernel.inputKernels[kernel.inputKernels.length - 1];
  const before = last === undefined ? undefined : kernels[last];
  return before === undefined ? 0 : 1 + kindOfStage(before.ops[before.ops.length - 1]!);
}

/** Whether all tensors a kernel reads and leaves have known shapes. */
export function hasShapes(kernel: Kernel): boolean {
  return (
    kernel.inputs.every(({ shape }) => shape !== undefined) &&
    kernel.outputs.every(({ shape }) => shape !== undefined)
  );
}

/** Reads a kernel's numbers. `kernels` is the list it comes from; `graph` the network. */
export function describeKernel(
  kernel: Kernel,
  kernels: readonly Kernel[],
  graph: Graph,
): KernelDescription {
  const stage = kernel.ops[0]!;
  const kind = kindOfStage(stage);
  const rootOutput = graph.tensors.get(
    kind === KIND.se || kind === KIND.channelshuffle || kernel.nodes.length === 1
      ? (kernel.outputs[0]?.name ?? kernel.root.outputs[0]!)
      : kernel.root.outputs[0]!,
  );
  const input = dimensionsOf(kernel.inputs[0]);
  const output = dimensionsOf(rootOutput);

  let borrowed = isKindItself(stage) ? 0 : 1;
  let { batch, height, width, channels } = input;
  let { height: outHeight, width: outWidth, channels: outChannels } = output;
  let kernelDepth = 1;
  let kernelHeight = 1;
  let kernelWidth = 1;
  let strideHeight = 1;
  let strideWidth = 1;
  let dilation = 1;
  let groups = 1;
  let inner = 0;
  const root = kernel.root;
  switch (root.op) {
    case 'conv':
    case 'dwconv':
    case 'convtranspose':
    case 'maxpool':
    case 'avgpool':
    case 'lppool': {
      const { kernelShape, strides, dilations } = root.attributes;
      kernelDepth = fromEnd(kernelShape, 3);
      kernelHeight = fromEnd(kernelShape, 2);
      kernelWidth = fromEnd(kernelShape, 1);
      strideHeight = fromEnd(strides, 2);
      strideWidth = fromEnd(strides, 1);
      for (let axis = 0; axis < dilations.length; axis++)
        if (dilations[axis]! > dilation) dilation = dilations[axis]!;
      if ('group' in root.attributes) groups = root.attributes.group;
      if (kernelShape.length !== 2 || dilation > 1 || (kind === KIND.conv && groups > 1))
        borrowed = 1;
      break;
    }
    case 'fc':
      // Rows of the product are the pixels of a 1x1 convolution.
      channels = kernel.inputs[0]?.shape?.at(-1) ?? 1;
      outChannels = rootOutput?.shape?.at(-1) ?? 1;
      height = 1;
      outHeight = 1;
      width = channels === 0 ? 0 : elementsOf(kernel.inputs[0]) / channels;
      outWidth = width;
      batch = 1;
      if (width > 1) borrowed = 1;
      break;
    case 'matmul': {
      const shape = kernel.inputs[0]?.shape ?? [];
      inner = fromEnd(shape, root.attributes.transposeA ? 2 : 1);
      break;
    }
    case 'lstm':
    case 'gru':
    case 'rnn':
      inner = root.attributes.hiddenSize;
      break;
    default:
  }
  if (kind === KIND.se) {
    const first = kernel.nodes.find((node) => node.op === 'conv' || node.op === 'fc');
    inner = dimensionsOf(first && graph.tensors.get(first.outputs[0]!)).channels;
  }

  let inputElements = 0;
  for (const tensor of kernel.inputs) inputElements += elementsOf(tensor);
  let outputElements = 0;
  for (const tensor of kernel.outputs) outputElements += elementsOf(tensor);
  return {
    kind,
    borrowed,
    batch,
    depth: input.depth,
    height,
    width,
    channels,
    outDepth: output.depth,
    outHeight,
    outWidth,
    outChannels,
    kernelDepth,
    kernelHeight,
    kernelWidth,
    strideHeight,
    strideWidth,
    dilation,
    groups,
    activation: activationOf(kernel),
    addFollows: addFollows(kernel, kernels),
    pooled: kind === KIND.conv && isPooled(kernel, graph) ? 1 : 0,
    inputs: kernel.inputs.length,
    misaligned: kind === KIND.concat ? misalignedElements(kernel) : 0,
    inner,
    inputElements,
    outputElements,
  };
}

/** Multiply-accumulates of a described kernel; 0 for kernels that multiply nothing. */
export function macsOf(kernel: KernelDescription): number {
  const k = kernel;
  const window = k.kernelDepth * k.kernelHeight * k.kernelWidth;
  const pixels = k.batch * k.outDepth * k.outHeight * k.outWidth;
  switch (k.kind) {
    case KIND.conv:
    case KIND.fc:
      return (pixels * k.outChannels * window * k.channels) / k.groups;
    case KIND.dwconv:
      return pixels * k.outChannels * window;
    case KIND.convtranspose:
      return (
        (k.batch * k.depth * k.height * k.width * k.channels * window * k.outChannels) / k.groups
      );
    case KIND.matmul:
      return k.outputElements * Math.max(k.inner, 1);
    case KIND.recurrent:
      // Four gates of an LSTM bound the others.
      return (
        4 *
        k.inner *
        (k.channels + k.inner) *
        Math.max(1, k.inputElements / Math.max(1, k.channels))
      );
    case KIND.se:
      return 2 * k.batch * k.channels * k.inner;
    default:
      return 0;
  }
}
