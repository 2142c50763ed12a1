import { roundUp } from './arithmetic.ts';
import { ACTIVATION, hasAdd, type KernelDescription, strideOf } from './kernel-description.ts';
import { KERNEL_KINDS } from './kernel-kind.ts';
import { compileTerms, once, type Term, type TermBlock } from './terms.ts';
import { BLOCK_PIXELS, paddedHeight, paddedWidth } from './work-groups.ts';

/*
 * A mobile GPU that keeps channels in texels of four, as the GPU delegate of TensorFlow Lite does: "On-Device Neural Net
 * Inference with Mobile GPUs" (https://arxiv.org/abs/1907.01989). Its convolutions compute blocks of 2 x 2
 * pixels and two texels of output (tensorflow/lite/delegates/gpu/cl/kernels/conv_texture.cc), hence O2 and c8. That an add
 * or a hard swish is fused into the kernel before it, and what it then costs, is from nn-Meter's fusion tests and
 * benchmark (MobiSys 2021, https://doi.org/10.1145/3458864.3467882), as is the choice among the terms. Average pooling
 * was measured with 2x2 windows only; it shares the terms of max pooling, which was measured with others.
 *
 * c4, c8: channels rounded up to a multiple of 4, of 8.
 */
const quantities = {
  kernel: {} as KernelDescription,
  /** O: pixels written, of all images of the batch. */
  outPixels: 0,
  /** I: pixels read. */
  inPixels: 0,
  /** O2: pixels written, sides rounded up to 2. */
  evenPixels: 0,
  /** k^2: pixels of the window. */
  window: 0,
  /** c4: channels read. */
  channels4: 0,
  /** K: rows of the product, window times c4 of a group's input channels. */
  rows: 0,
  /** g O2 K c8: multiply-accumulates with padding to the blocks. */
  blocked: 0,
  /** Blocks of 2 x 2 pixels, up to the edge of their work groups. */
  grid: 0,
  /** I c4: elements read. */
  inputs: 0,
  /** O c4: elements written. */
  outputs: 0,
};
type Quantities = typeof quantities;

/** Fewer work items than this leave a GPU waiting: they take as long as so many. Of 128 to 4,096, what fits unseen families best. */
const BUSY_ITEMS = 2048;

function quantitiesOf(k: KernelDescription): Quantities {
  const q = quantities;
  q.kernel = k;
  q.outPixels = k.batch * k.outDepth * k.outHeight * k.outWidth;
  q.inPixels = k.batch * k.depth * k.height * k.width;
  q.evenPixels = k.batch * k.outDepth * roundUp(k.outHeight, 2) * roundUp(k.outWidth, 2);
  q.window = k.kernelDepth * k.kernelHeight * k.kernelWidth;
  q.channels4 = roundUp(k.channels, 4);
  q.rows = roundUp(k.channels / k.groups, 4) * q.window;
  q.blocked = k.groups * q.evenPixels * q.rows * roundUp(k.outChannels / k.groups, 8);
  q.grid =
    (k.batch * k.outDepth * paddedHeight(k.outHeight) * paddedWidth(k.outWidth)) / BLOCK_PIXELS;
  q.inputs = q.inPixels * q.channels4;
  q.outputs = q.outPixels * roundUp(k.outChannels, 4);
  return q;
}

const reads: Term<Quantities> = { name: 'I c4', value: (q) => q.inputs };
const writes: Term<Quantities> = { name: 'O c4', value: (q) => q.outputs };

/** Of a convolution: a block of pixels and two texels of output each. */
const workItems = ({ kernel: k, grid }: Quantities): number =>
  k.groups * grid * Math.ceil(k.outChannels / k.groups / 8);

const conv: readonly Term<Quantities>[] = [
  {
    name: 'g O K co4',
    value: ({ kernel: k, outPixels, rows }) =>
      k.groups * outPixels * rows * roundUp(k.outChannels / k.groups, 4),
  },
  { name: 'g O2 K co8', value: (q) => q.blocked },
  { name: 'items K', value: (q) => workItems(q) * q.rows },
  { name: 'max(items, 2048) K', value: (q) => Math.max(workItems(q), BUSY_ITEMS) * q.rows },
  { name: '1x1: g O2 K co8', value: (q) => (q.window === 1 ? q.blocked : 0) },
  { name: 'k > 1: g O2 K co8', value: (q) => (q.window > 1 ? q.blocked : 0) },
  { name: 'g O2 K', value: ({ kernel, evenPixels, rows }) => kernel.groups * evenPixels * rows },
  {
    name: 'weights',
    value: ({ kernel: k, window }) => (window * k.channels * k.outChannels) / k.groups,
  },
  writes,
  reads,
  // Latency of one wave: what a thread does, however many there are.
  { name: 'K', value: (q) => q.rows },
  { name: 's > 1: g O2 K co8', value: (q) => (strideOf(q.kernel) > 1 ? q.blocked : 0) },
  { name: '1x1: K', value: (q) => (q.window === 1 ? q.rows : 0) },
];

const dwconv: readonly Term<Quantities>[] = [
  { name: 'O c4 k^2', value: (q) => q.outputs * q.window },
  writes,
  {
    name: 'I co4',
    value: ({ inPixels, kernel }) => inPixels * roundUp(kernel.outChannels, 4),
  },
  { name: 'k^2', value: (q) => q.window },
];

const blocks: Readonly<Record<string, TermBlock<Quantities>>> = {
  launch: { kinds: KERNEL_KINDS.filter((kind) => kind !== 'fc'), terms: [once] },
  conv: { kinds: ['conv'], terms: conv },
  'dwconv 3x3 of stride 1': {
    kinds: ['dwconv'],
    applies: ({ kernel, window }) => strideOf(kernel) <= 1 && window === 9,
    terms: dwconv,
  },
  'dwconv of stride 1': {
    kinds: ['dwconv'],
    applies: ({ kernel, window }) => strideOf(kernel) <= 1 && window !== 9,
    terms: dwconv,
  },
  'dwconv of larger stride': {
    kinds: ['dwconv'],
    applies: ({ kernel }) => strideOf(kernel) > 1,
    terms: dwconv,
  },
  pool: {
    kinds: ['maxpool', 'avgpool'],
    terms: [reads, { name: 'O c4 k^2', value: (q) => q.outputs * q.window }],
  },
  gap: {
    kinds: ['gap'],
    terms: [reads, { name: 'c4', value: ({ kernel, channels4 }) => kernel.batch * channels4 }],
  },
  add: {
    kinds: ['add'],
    terms: [{ name: 'max(I, O) c4', value: (q) => Math.max(q.inputs, q.outputs) }],
  },
  'fused add': {
    kinds: KERNEL_KINDS.filter((kind) => kind !== 'add'),
    applies: ({ kernel }) => hasAdd(kernel),
    terms: [writes],
  },
  elementwise: { kinds: ['relu', 'bn'], terms: [reads] },
  concat: {
    kinds: ['concat'],
    terms: [
      writes,
      { name: 'elements between texels', value: ({ kernel }) => kernel.unalignedConcatElements },
      once,
    ],
  },
  // mid: channels between the two convolutions of the block.
  se: {
    kinds: ['se'],
    terms: [
      once,
      reads,
      { name: 'c mid', value: ({ kernel: k }) => k.batch * k.channels * k.inner },
      {
        name: 'activation: I c4',
        value: ({ kernel, inputs }) => (kernel.activation === ACTIVATION.none ? 0 : inputs),
      },
    ],
  },
  hswish: { kinds: ['hswish'], terms: [reads] },
  'fused hswish': {
    kinds: KERNEL_KINDS.filter((kind) => kind !== 'hswish'),
    applies: ({ kernel }) => kernel.activation === ACTIVATION.hswish,
    terms: [writes],
  },
  shuffle: { kinds: ['channelshuffle', 'split'], terms: [reads] },
};

export const gpuTerms = compileTerms(blocks, quantitiesOf);
