import { roundUp } from './arithmetic.ts';
import {
  type KernelDescription,
  macsOf,
  scoresOf,
  strideOf,
  windowOf,
} from './kernel-description.ts';
import { KERNEL_KINDS, type KernelKind, KIND } from './kernel-kind.ts';
import type { DevicePhysics } from './physics.ts';
import { compileTerms, type Term, type TermBlock } from './terms.ts';

/*
 * An NVIDIA GPU that runs an operation after the other, as PyTorch does without compiling, over so large a batch that no
 * launch counts: each kernel reads what it computes with and writes its result in float16, convolutions compute on tensor
 * cores (NVIDIA, "Deep Learning Performance", https://docs.nvidia.com/deeplearning/performance/dl-performance-convolutional:
 * channels in multiples of 8, tiles of output channels, arithmetic intensity). Every term says what of the data sheet it
 * costs at best.
 */
interface DatasheetTerm extends Term<Quantities> {
  /** Bytes moved, or multiply-accumulates of the peak, for each unit of the term. */
  readonly cost: { readonly bytes: number } | { readonly macs: number };
}

interface DatasheetBlock extends TermBlock<Quantities> {
  readonly terms: readonly DatasheetTerm[];
}

const quantities = {
  kernel: {} as KernelDescription,
  macs: 0,
  /** I + O: elements read and written. */
  moved: 0,
  /** k^2: pixels of the window. */
  window: 0,
  /** MACs8: with channels rounded up to a multiple of 8. */
  padded: 0,
};
type Quantities = typeof quantities;

function quantitiesOf(k: KernelDescription): Quantities {
  const q = quantities;
  q.kernel = k;
  q.macs = macsOf(k);
  q.moved = k.inputElements + k.outputElements;
  q.window = windowOf(k);
  q.padded =
    q.macs *
    (roundUp(k.channels, 8) / Math.max(1, k.channels)) *
    (roundUp(k.outChannels, 8) / Math.max(1, k.outChannels));
  return q;
}

/** Bytes of an element. */
const HALF = 2;

/** Output channels of a tile: what it holds beyond the layer's is computed in vain, as a share. */
function tileWaste({ outChannels }: KernelDescription): number {
  const tile = outChannels > 64 ? 64 : 32;
  return roundUp(outChannels, tile) / Math.max(1, outChannels) - 1;
}

/** Multiply-accumulates for each element moved up to which memory is the limit, of devices and layers of several kinds. */
const INTENSITIES = [60, 120, 240] as const;
const MOST_REUSE = 4;

const moves: DatasheetTerm = {
  name: 'I + O',
  value: (q) => q.moved,
  cost: { bytes: HALF },
};
const reads: DatasheetTerm = {
  name: 'I',
  value: ({ kernel }) => kernel.inputElements,
  cost: { bytes: HALF },
};

/** Of an image of which a stride leaves out pixels. */
const skips: DatasheetTerm = {
  name: 's > 1: I',
  value: ({ kernel }) => (strideOf(kernel) > 1 ? kernel.inputElements : 0),
  cost: { bytes: HALF / 2 },
};

const sizes: readonly (readonly [string, (window: number) => boolean])[] = [
  ['1x1', (window) => window === 1],
  ['up to 3x3', (window) => window > 1 && window <= 9],
  ['larger', (window) => window > 9],
];
const dense: readonly DatasheetTerm[] = [
  moves,
  ...sizes.flatMap(([size, isOf]): DatasheetTerm[] => [
    {
      name: `${size}: MACs8`,
      value: (q) => (isOf(q.window) ? q.padded : 0),
      cost: { macs: 0.36 },
    },
    ...INTENSITIES.map(
      (intensity): DatasheetTerm => ({
        name: `${size}: MACs8 beyond ${intensity} for each of I + O`,
        value: (q) => (isOf(q.window) ? Math.max(0, q.padded - intensity * q.moved) : 0),
        cost: { macs: 20 / intensity },
      }),
    ),
  ]),
  {
    name: 'k > 1: I min(4, k^2 / s^2)',
    value: ({ kernel, window }) =>
      window === 1
        ? 0
        : kernel.inputElements *
          Math.min(MOST_REUSE, window / (kernel.strideHeight * kernel.strideWidth)),
    cost: { bytes: HALF / 2 },
  },
  {
    name: 'channels mod 8: I + O',
    value: ({ kernel: k, moved }) => (k.channels % 8 === 0 && k.outChannels % 8 === 0 ? 0 : moved),
    cost: { bytes: HALF / 2 },
  },
  { name: 'MACs in vain', value: (q) => q.macs * tileWaste(q.kernel), cost: { macs: 0.36 } },
  skips,
];

/** Transposed, expanded and cut tensors are views of others, until a kernel needs them otherwise; padded ones are copies. */
const isView = ({ kernel: { kind, inputElements, outputElements } }: Quantities): boolean =>
  kind === KIND.copy && outputElements <= inputElements;

/** Of two computed tensors; or their difference, quotient ..., which are as rare. */
const isProductOfTwo = ({ kernel }: Quantities): boolean =>
  kernel.inputs >= 2 && kernel.borrowsKind === 1;

/** Images of up to four channels. */
const isStem = ({ kernel }: Quantities): boolean => kernel.groups === 1 && kernel.channels <= 4;

const blocks: Readonly<Record<string, DatasheetBlock>> = {
  // A kernel by itself, or none: libraries differ in whether they add a bias where they compute.
  bias: {
    kinds: ['conv', 'dwconv', 'convtranspose', 'bn'],
    applies: ({ kernel }) => kernel.hasBias === 1,
    terms: [{ name: 'O', value: ({ kernel }) => kernel.outputElements, cost: { bytes: 2 * HALF } }],
  },
  float32: {
    kinds: KERNEL_KINDS,
    applies: (q) => !isView(q),
    terms: [{ name: 'F', value: ({ kernel }) => kernel.float32Elements, cost: { bytes: HALF } }],
  },
  conv: { kinds: ['conv'], applies: (q) => q.kernel.groups === 1 && !isStem(q), terms: dense },
  stem: {
    kinds: ['conv'],
    applies: isStem,
    terms: [
      { ...moves, cost: { bytes: 2 * HALF } },
      { name: 'MACs', value: (q) => q.macs, cost: { macs: 1.8 } },
    ],
  },
  'grouped conv': {
    kinds: ['conv'],
    applies: ({ kernel }) => kernel.groups > 1,
    terms: [
      moves,
      { name: 'MACs', value: (q) => q.macs, cost: { macs: 0.7 } },
      {
        name: 'MACs 16 / channels of a group',
        value: ({ macs, kernel: k }) => (16 * macs * k.groups) / Math.max(1, k.channels),
        cost: { macs: 1.4 },
      },
    ],
  },
  dwconv: {
    kinds: ['dwconv'],
    terms: [
      moves,
      { name: 'MACs', value: (q) => q.macs, cost: { macs: 11 } },
      { name: 'k > 3: MACs', value: (q) => (q.window > 9 ? q.macs : 0), cost: { macs: 0.4 } },
      { name: 'k > 5: MACs', value: (q) => (q.window > 25 ? q.macs : 0), cost: { macs: 0.4 } },
      skips,
      {
        name: 'O',
        value: ({ kernel }) => kernel.outputElements,
        cost: { bytes: HALF / 2 },
      },
    ],
  },
  product: {
    kinds: ['fc', 'matmul', 'convtranspose', 'recurrent'],
    terms: [moves, { name: 'MACs', value: (q) => q.macs, cost: { macs: 0.7 } }],
  },
  attention: {
    kinds: ['attention'],
    terms: [
      moves,
      { name: 'MACs', value: (q) => q.macs, cost: { macs: 0.7 } },
      {
        name: 'scores',
        value: ({ kernel }) => kernel.batch * scoresOf(kernel),
        cost: { bytes: 4 * HALF },
      },
    ],
  },
  // Mean over the image, two small layers, product.
  se: { kinds: ['se'], terms: [{ ...reads, cost: { bytes: 3 * HALF } }] },
  // A block of threads for each row, however short.
  normalization: {
    kinds: ['normalization'],
    applies: ({ kernel }) => kernel.groups === 1,
    terms: [
      moves,
      {
        name: 'I / channels',
        value: ({ kernel }) => kernel.inputElements / Math.max(1, kernel.channels),
        cost: { bytes: 64 * HALF },
      },
    ],
  },
  // Made NCHW, read for the moments, read and written, made NHWC again.
  'group normalization': {
    kinds: ['normalization'],
    applies: ({ kernel }) => kernel.groups > 1,
    terms: [{ ...moves, cost: { bytes: (7 / 2) * HALF } }],
  },
  reduction: { kinds: ['gap', 'reduce'], terms: [reads] },
  resize: {
    kinds: ['resize'],
    terms: [{ name: 'O', value: ({ kernel }) => kernel.outputElements, cost: { bytes: 4 * HALF } }],
  },
  add: { kinds: ['add'], applies: (q) => !isProductOfTwo(q), terms: [moves] },
  // The other operand is mostly a factor for each channel.
  'product of elements': {
    kinds: ['add'],
    applies: isProductOfTwo,
    terms: [{ name: 'O', value: ({ kernel }) => kernel.outputElements, cost: { bytes: 2 * HALF } }],
  },
  view: { kinds: ['copy'], applies: isView, terms: [{ ...moves, cost: { bytes: HALF / 10 } }] },
  // Convolutions take no slices of channels, which are the last axis there.
  split: { kinds: ['split'], terms: [moves] },
  padding: { kinds: ['copy'], applies: (q) => !isView(q), terms: [moves] },
  ...Object.fromEntries(
    (
      [
        ...(['relu', 'hswish', 'maxpool', 'avgpool', 'transcendental'] as const),
        ...(['concat', 'channelshuffle', 'softmax'] as const),
        ...(['sort', 'other'] as const),
      ] satisfies KernelKind[]
    ).map((kind) => [kind, { kinds: [kind], terms: [moves] }]),
  ),
};

export const cudaTerms = compileTerms(blocks, quantitiesOf);

/** Coefficients of the terms by a device's data sheet, ms per unit of each. */
export function datasheetCoefficients({
  macsPerMs,
  bytesPerMs,
}: Pick<DevicePhysics, 'macsPerMs' | 'bytesPerMs'>): Float64Array {
  return Float64Array.from(
    Object.values(blocks).flatMap(({ terms }) => terms),
    ({ cost }) => ('bytes' in cost ? cost.bytes / bytesPerMs : cost.macs / macsPerMs),
  );
}
