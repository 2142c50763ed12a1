import { roundUp, saturating } from './arithmetic.ts';
import { ACTIVATION, hasAdd, macsOf } from './kernel-description.ts';
import { KERNEL_KINDS, KIND } from './kernel-kind.ts';
import { compileTerms, once, type Term, type TermBlock } from './terms.ts';
import type { TilePlan } from './tile-plan.ts';
import { type VpuQuantities, vpuQuantitiesOf } from './vpu-quantities.ts';

/*
 * Myriad X: convolutions run on a fixed-function unit as tile-plan.ts says, all else on vector processors, stage by
 * stage, over rows padded to 8 columns (16 bytes). What a plan costs is linear in its cycles and traffic by the
 * compiler's own account (its source is named there); which other terms there are, what saturates, and that stages share
 * their costs was found on folds of nn-Meter's benchmark (MobiSys 2021, https://doi.org/10.1145/3458864.3467882).
 * The letters are explained at the quantities.
 */
type VpuTerm = Term<VpuQuantities>;

/** A term of a convolution with a plan. */
const planned = (name: string, value: (q: VpuQuantities, plan: TilePlan) => number): VpuTerm => ({
  name,
  value: (q) => (q.plan === undefined ? 0 : value(q, q.plan)),
});

const conv: readonly VpuTerm[] = [
  planned('cycles', (q, plan) => q.runs * plan.cycles),
  planned('pixels * descriptors', (q, plan) => q.runs * plan.pixels * plan.descriptors),
  planned('descriptors', (q, plan) => q.runs * plan.descriptors * q.tiles * plan.channelTiles),
  planned('s > 1: cycles', (q, plan) => (q.stride > 1 ? q.runs * plan.cycles : 0)),
  planned('weights * tiles', (q) => q.weights),
  planned('several tiles of image and channels: weights of a channel tile * tiles', (q, plan) =>
    q.tiles > 1 && q.sums > 0 ? q.weights / plan.channelTiles : 0,
  ),
  planned('elements read by tiles', (q, plan) => q.runs * plan.inputRead),
  planned('O c', (q) => q.outputs),
  planned('tiles - 1', (q) => q.runs * (q.tiles - 1)),
  planned(
    '(channel tiles - 1) sat(O c of a run, 3e5)',
    (q) => q.sums * saturating(q.outputs / q.runs, 3e5),
  ),
  planned('several tiles: (channel tiles - 1) ho c', (q) =>
    q.tiles > 1 ? q.sums * q.kernel.outHeight * q.runChannels : 0,
  ),
  planned('(channel tiles - 1) tiles', (q) => q.sums * q.tiles),
  planned('junk: tiles c', (q, plan) => (plan.junk ? q.runs * q.tiles * q.runChannels : 0)),
  planned('copied elements', (q, plan) => q.runs * plan.copied),
  planned('expanded elements', (q, plan) => q.runs * plan.expanded),
  planned('several channel tiles: expanded elements', (q, plan) =>
    q.sums > 0 ? q.runs * plan.expanded : 0,
  ),
  planned('no activation: O c', (q) => (q.kernel.activation === ACTIVATION.none ? q.outputs : 0)),
  planned('runs', (q) => q.runs),
];

/** The multiply-accumulates of the vector processors cost the same in all convolutions. */
const VECTOR_MACS = 'multiply-accumulates of the vector processors';

const software: readonly VpuTerm[] = [
  { name: 'MACs', value: (q) => macsOf(q.kernel), alike: VECTOR_MACS },
  { name: 'O c', value: (q) => q.outputs },
  once,
];

const dwconv: readonly VpuTerm[] = [
  { name: 'O c k^2', value: (q) => q.outputs * q.window, alike: VECTOR_MACS },
  { name: 'padded O c', value: (q) => q.paddedOut },
  {
    name: 'padded I c',
    value: ({ kernel: k }) => k.batch * k.depth * k.height * roundUp(k.width, 8) * k.outChannels,
  },
  { name: 'O c k', value: (q) => q.outputs * q.side },
  { name: 'c', value: ({ kernel }) => kernel.batch * kernel.outChannels },
  { name: 'ho c', value: (q) => q.outRows * q.kernel.outChannels },
  { name: 'k^2 c', value: ({ kernel: k, window }) => k.batch * window * k.outChannels },
  once,
];

/**
 * A stage on the vector processors: its start, padded elements read and written, rows of a channel read and written.
 * They cost the same whatever the stage computes, but for the operations an element.
 */
function stageTerms({
  stages = () => 1,
  elements = (q) => q.rowElements,
  rows = (q) => q.rows,
}: Partial<Record<'stages' | 'elements' | 'rows', VpuTerm['value']>> = {}): VpuTerm[] {
  return [
    { name: 'stages', value: stages, alike: 'stages' },
    { name: 'padded elements * operations', value: elements, alike: 'elements of stages' },
    { name: 'rows', value: rows, alike: 'rows of stages' },
  ];
}

/** A hard swish adds, clips and multiplies where other stages do one operation. */
const HSWISH_OPERATIONS = 2;

/** What a shuffle's input and output share: 576 KB, as for the tiles of convolutions, in elements of 16 bits. */
const ON_CHIP_ELEMENTS = 288 * 1024;

const isWindow = ({ kernel, window }: VpuQuantities): boolean =>
  kernel.kind === KIND.dwconv && window > 1;

const readsPadding = ({ kernel: k }: VpuQuantities): boolean =>
  (k.outHeight - 1) * k.strideHeight + k.kernelHeight > k.height ||
  (k.outWidth - 1) * k.strideWidth + k.kernelWidth > k.width;

const blocks: Readonly<Record<string, TermBlock<VpuQuantities>>> = {
  conv: { kinds: ['conv'], applies: ({ plan }) => plan !== undefined, terms: conv },
  'software conv': { kinds: ['conv'], applies: ({ plan }) => plan === undefined, terms: software },
  'dwconv of stride 1': {
    kinds: ['dwconv'],
    applies: (q) => isWindow(q) && q.stride <= 1,
    terms: dwconv,
  },
  'dwconv of larger stride': {
    kinds: ['dwconv'],
    applies: (q) => isWindow(q) && q.stride > 1,
    terms: dwconv,
  },
  'dwconv 1x1': { kinds: ['dwconv'], applies: ({ window }) => window === 1, terms: dwconv },
  fc: {
    kinds: ['fc'],
    terms: [
      {
        name: 'O ci co',
        value: ({ outPixels, kernel: k }) => outPixels * k.channels * k.outChannels,
      },
      {
        name: 'O (ci + co)',
        value: ({ outPixels, kernel: k }) => outPixels * (k.channels + k.outChannels),
      },
      once,
    ],
  },
  pool: {
    kinds: ['maxpool', 'avgpool', 'gap'],
    terms: [
      { name: 'padded (I + O) c', value: (q) => q.paddedIn + q.paddedOut },
      {
        name: 'O c k^2',
        value: ({ outputs, window, kernel: k }) =>
          outputs * (k.kind === KIND.gap ? k.height * k.width : window),
      },
      once,
    ],
  },
  add: { kinds: ['add'], terms: stageTerms() },
  bn: { kinds: ['bn'], terms: stageTerms() },
  relu: { kinds: ['relu'], terms: stageTerms() },
  // An add that counts as fused is a stage of its own all the same: 0.102 ms with a pooling, of 0.014 and 0.096 (BF_pooling_add).
  'fused add': {
    kinds: KERNEL_KINDS.filter((kind) => kind !== 'add'),
    applies: ({ kernel }) => hasAdd(kernel),
    terms: stageTerms({ elements: (q) => 3 * q.rowElementsOut, rows: (q) => 3 * q.rowsOut }),
  },
  // The hardware averages over the padding too; a stage scales what it leaves (parsePooling, "need SW postproc").
  'padded avgpool': {
    kinds: ['avgpool'],
    applies: readsPadding,
    terms: stageTerms({ elements: (q) => 2 * q.rowElementsOut, rows: (q) => 2 * q.rowsOut }),
  },
  concat: { kinds: ['concat'], terms: [once, { name: 'padded O c', value: (q) => q.paddedOut }] },
  hswish: {
    kinds: ['hswish'],
    terms: stageTerms({ elements: (q) => HSWISH_OPERATIONS * q.rowElements }),
  },
  // A stage that reads and writes what the convolution before it left.
  'fused hswish': {
    kinds: ['conv', 'dwconv'],
    applies: ({ kernel }) => kernel.activation === ACTIVATION.hswish,
    terms: stageTerms({
      elements: (q) => HSWISH_OPERATIONS * 2 * q.rowElementsOut,
      rows: (q) => 2 * q.rowsOut,
    }),
  },
  channelshuffle: {
    kinds: ['channelshuffle'],
    terms: [
      ...stageTerms(),
      { name: 'elements read', value: ({ kernel }) => kernel.inputElements },
      {
        name: 'padded I c beyond on-chip memory',
        value: (q) => Math.max(0, q.paddedIn - ON_CHIP_ELEMENTS / 2),
      },
    ],
  },
  split: {
    kinds: ['split'],
    terms: stageTerms({ stages: ({ kernel }) => kernel.outputs }),
  },
  // mid: channels between the two convolutions of the block.
  se: {
    kinds: ['se'],
    terms: [
      once,
      { name: 'padded I c', value: (q) => q.paddedIn },
      { name: 'c mid', value: ({ kernel: k }) => k.batch * k.channels * k.inner },
      { name: 'c', value: ({ kernel }) => kernel.batch * kernel.channels },
      {
        name: 'activation: padded I c',
        value: (q) => (q.kernel.activation === ACTIVATION.none ? 0 : q.paddedIn),
      },
    ],
  },
  'fused relu6': {
    kinds: ['conv', 'dwconv'],
    applies: ({ kernel }) => kernel.activation === ACTIVATION.relu6,
    terms: [{ name: 'padded O c', value: (q) => q.paddedOut }],
  },
};

export const vpuTerms = compileTerms(blocks, vpuQuantitiesOf);
