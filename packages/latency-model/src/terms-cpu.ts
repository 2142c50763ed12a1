import { roundUp, saturating } from './arithmetic.ts';
import { ACTIVATION, type KernelDescription, strideOf } from './kernel-description.ts';
import { KIND } from './kernel-kind.ts';
import { compileTerms, once, type Term, type TermBlock } from './terms.ts';

/*
 * A CPU that runs convolutions as im2col and blocked matrix products, as TensorFlow Lite does on one thread:
 * tensorflow/lite/kernels/internal/optimized/optimized_ops.h (im2col unless the window and stride are 1) and the 8 x 8
 * float kernel of ruy (https://github.com/google/ruy, ruy/kernel_arm64.cc), hence up8. What saturates, and where, is
 * our choice: terms that lowered the error on folds of nn-Meter's benchmark (MobiSys 2021,
 * https://doi.org/10.1145/3458864.3467882). Average pooling was measured with 2x2 windows only; it shares the terms of
 * max pooling, which was measured with others.
 *
 * up8(x), up4(x): x rounded up to a multiple of 8, of 4.
 * sat(x, c): x^2 / (x + c), cheap while x elements fit a cache of c.
 */
const quantities = {
  kernel: {} as KernelDescription,
  /** O: pixels written, of all images of the batch. */
  outPixels: 0,
  /** I: pixels read. */
  inPixels: 0,
  /** k^2: pixels of the window. */
  window: 0,
  /** k: its side. */
  side: 0,
  /** g: groups of the convolution. */
  groups: 0,
  /** K: rows of the matrix product, window times input channels of a group. */
  rows: 0,
  /** co: output channels of a group. */
  outChannels: 0,
  /** Whether pixels must be gathered first. */
  isIm2col: false,
  /** g O K: elements that im2col writes. */
  columns: 0,
  /** g K co: weights. */
  weights: 0,
  /** g up8(O) K up8(co): multiply-accumulates with padding to the blocks of the matrix product. */
  blocked: 0,
  /** I c: elements read. */
  inputs: 0,
  /** O c: elements written. */
  outputs: 0,
  /** Elements of an element-wise kernel; a batch normalisation runs over them twice. */
  elements: 0,
};
type Quantities = typeof quantities;

function quantitiesOf(k: KernelDescription): Quantities {
  const q = quantities;
  q.kernel = k;
  q.outPixels = k.batch * k.outDepth * k.outHeight * k.outWidth;
  q.inPixels = k.batch * k.depth * k.height * k.width;
  q.window = k.kernelDepth * k.kernelHeight * k.kernelWidth;
  q.side = Math.sqrt(k.kernelHeight * k.kernelWidth);
  q.groups = k.groups;
  q.rows = q.window * (k.channels / k.groups);
  q.outChannels = k.outChannels / k.groups;
  q.isIm2col = q.window > 1 || strideOf(k) > 1;
  q.columns = k.groups * q.outPixels * q.rows;
  q.weights = k.groups * q.rows * q.outChannels;
  q.blocked = k.groups * roundUp(q.outPixels, 8) * q.rows * roundUp(q.outChannels, 8);
  q.inputs = q.inPixels * k.channels;
  q.outputs = q.outPixels * k.outChannels;
  q.elements = passesOf(q) * Math.max(q.inputs, k.outputElements);
  return q;
}

const passesOf = ({ kernel }: Quantities): number => (kernel.kind === KIND.bn ? 2 : 1);

const conv: readonly Term<Quantities>[] = [
  { name: 'g up8(O) K up8(co)', value: (q) => q.blocked },
  { name: 'im2col: g up8(O) K up8(co)', value: (q) => (q.isIm2col ? q.blocked : 0) },
  { name: 'g O K co', value: (q) => q.columns * q.outChannels },
  {
    name: 'g up8(O) K up4(co)',
    value: (q) => q.groups * roundUp(q.outPixels, 8) * q.rows * roundUp(q.outChannels, 4),
  },
  { name: 'g K co', value: (q) => q.weights },
  { name: 'sat(g K co, 2.5e5)', value: (q) => saturating(q.weights, 2.5e5) },
  { name: 'O c', value: (q) => q.outputs },
  { name: 'I c', value: (q) => q.inputs },
  { name: 'sat(g O K, 1.25e5)', value: (q) => saturating(q.columns, 1.25e5) },
  { name: 'sat(g O K, 1e6)', value: (q) => saturating(q.columns, 1e6) },
  {
    name: 'im2col: sat(g O K, 1.25e5)',
    value: (q) => (q.isIm2col ? saturating(q.columns, 1.25e5) : 0),
  },
  { name: 'im2col: sat(g O K, 1e6)', value: (q) => (q.isIm2col ? saturating(q.columns, 1e6) : 0) },
  { name: 'O k', value: (q) => q.outPixels * q.side },
  { name: 'O k^2', value: (q) => q.outPixels * q.window },
  { name: 'O', value: (q) => q.outPixels },
  once,
];

const dwconv: readonly Term<Quantities>[] = [
  { name: 'O c k^2', value: (q) => q.outputs * q.window },
  {
    name: 'O up4(c) k^2',
    value: (q) => q.outPixels * roundUp(q.kernel.outChannels, 4) * q.window,
  },
  { name: 'O c k', value: (q) => q.outputs * q.side },
  { name: 'O c', value: (q) => q.outputs },
  { name: 'O k^2', value: (q) => q.outPixels * q.window },
  { name: 'O k', value: (q) => q.outPixels * q.side },
  { name: 'I c', value: (q) => q.inPixels * q.kernel.outChannels },
  { name: 'sat(I c, 1e5)', value: (q) => saturating(q.inPixels * q.kernel.outChannels, 1e5) },
  once,
];

/** A kernel that moves elements without a rule of the field's own. */
const moves: readonly Term<Quantities>[] = [
  { name: 'I c', value: (q) => q.inputs },
  { name: 'I', value: (q) => q.inPixels },
  once,
];

const blocks: Readonly<Record<string, TermBlock<Quantities>>> = {
  conv: { kinds: ['conv'], terms: conv },
  'dwconv of stride 1': {
    kinds: ['dwconv'],
    applies: ({ kernel }) => strideOf(kernel) <= 1,
    terms: dwconv,
  },
  'dwconv of larger stride': {
    kinds: ['dwconv'],
    applies: ({ kernel }) => strideOf(kernel) > 1,
    terms: dwconv,
  },
  fc: {
    kinds: ['fc'],
    terms: [
      {
        name: 'O ci co',
        value: ({ outPixels, kernel }) => outPixels * (kernel.channels * kernel.outChannels),
      },
      {
        name: 'sat(ci co, 2.5e5)',
        value: ({ kernel }) => saturating(kernel.channels * kernel.outChannels, 2.5e5),
      },
      { name: 'I ci + O co', value: (q) => q.inputs + q.outputs },
      once,
    ],
  },
  pool: {
    kinds: ['maxpool', 'avgpool'],
    terms: [
      { name: 'O c', value: (q) => q.outputs },
      { name: 'O c k^2', value: (q) => q.outputs * q.window },
      once,
    ],
  },
  gap: {
    kinds: ['gap'],
    terms: [
      { name: 'I c', value: (q) => q.inputs },
      { name: 'c', value: ({ kernel }) => kernel.batch * kernel.channels },
    ],
  },
  elementwise: {
    kinds: ['add', 'bn', 'relu'],
    terms: [
      { name: 'passes', value: passesOf },
      { name: 'elements', value: (q) => q.elements },
      { name: 'sat(elements, 1e5)', value: (q) => saturating(q.elements, 1e5) },
      { name: 'sat(elements, 1e6)', value: (q) => saturating(q.elements, 1e6) },
    ],
  },
  concat: {
    kinds: ['concat'],
    terms: [
      { name: 'elements written', value: ({ kernel }) => kernel.outputElements },
      { name: 'I inputs', value: ({ inPixels, kernel }) => inPixels * kernel.inputs },
      once,
    ],
  },
  // mid: channels between the two convolutions of the block.
  se: {
    kinds: ['se'],
    terms: [
      { name: 'I c', value: (q) => q.inputs },
      { name: 'c mid', value: ({ kernel: k }) => k.batch * k.channels * k.inner },
      { name: 'c', value: ({ kernel }) => kernel.batch * kernel.channels },
      once,
    ],
  },
  hswish: {
    kinds: ['hswish'],
    terms: [
      { name: 'I c', value: (q) => q.inputs },
      { name: 'sat(I c, 1e5)', value: (q) => saturating(q.inputs, 1e5) },
      once,
    ],
  },
  'fused activation': {
    kinds: ['conv', 'dwconv'],
    terms: [
      {
        name: 'relu6: O c',
        value: ({ kernel, outputs }) => (kernel.activation === ACTIVATION.relu6 ? outputs : 0),
      },
      {
        name: 'another: O c',
        value: ({ kernel: { activation }, outputs }) =>
          activation === ACTIVATION.none || activation === ACTIVATION.relu6 ? 0 : outputs,
      },
    ],
  },
  channelshuffle: { kinds: ['channelshuffle'], terms: moves },
  split: { kinds: ['split'], terms: moves },
};

export const cpuTerms = compileTerms(blocks, quantitiesOf);
