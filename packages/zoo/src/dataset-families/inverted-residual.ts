import type { ShapedTensor } from '@nnmeter/ir';
import type { FamilyConfiguration, FamilyNetwork } from './configuration.ts';
import type { TfBuilder } from './tf-builder.ts';

type Activation = (tf: TfBuilder, x: ShapedTensor) => ShapedTensor;

const relu: Activation = (tf, x) => tf.relu(x);
const relu6: Activation = (tf, x) => tf.relu6(x);
/** x * relu6(x + 3) / 6 */
const hardSwish: Activation = (tf, x) => {
  const gate = tf.relu6(tf.add(x, 3));
  return tf.mul(tf.mul(x, gate), 1 / 6);
};

interface Block {
  readonly channels: number;
  readonly expanded: number;
  readonly kernel: number;
  readonly stride: number;
  readonly squeeze: boolean;
  readonly activation: Activation;
}

function invertedResidual(tf: TfBuilder, x: ShapedTensor, block: Block): ShapedTensor {
  const { channels, expanded, kernel, stride, squeeze, activation } = block;
  let y = activation(tf, tf.convBn(x, expanded));
  y = tf.batchNorm(tf.depthwise(y, kernel, stride));
  if (squeeze) y = squeezeExcitation(tf, y);
  y = tf.convBn(activation(tf, y), channels);
  return stride === 1 && channels === x.shape[3] ? tf.add(y, x) : y;
}

function squeezeExcitation(tf: TfBuilder, x: ShapedTensor): ShapedTensor {
  const channels = x.shape[3]!;
  let gate = tf.avgPool(x, x.shape[1]!, 1, 'VALID');
  gate = tf.relu(tf.biasAdd(tf.conv(gate, Math.floor(channels / 4))));
  gate = tf.biasAdd(tf.conv(gate, channels));
  gate = tf.mul(tf.relu6(tf.add(gate, 3)), 1 / 6);
  return tf.mul(gate, x);
}

/** What is fixed about the blocks of a network; base widths tell where a width of the configuration counts. */
interface Structure {
  /** Channels that enter the first block of the base network. */
  readonly entry: number;
  readonly widths: readonly number[];
  /** Indices of the blocks with stride 2. */
  readonly reductions: readonly number[];
  readonly squeezed?: readonly number[];
  readonly activation: (block: number) => Activation;
}

/**
 * The chain of blocks. A block that neither reduces the image nor changes the width of the base network keeps its
 * input's channels, whatever the configuration says.
 */
function chain(
  tf: TfBuilder,
  x: ShapedTensor,
  structure: Structure,
  numbers: {
    readonly kernels: readonly number[];
    readonly widths: readonly number[];
    readonly expanded: (block: number, channels: number) => number;
  },
): ShapedTensor {
  const { entry, widths, reductions, squeezed = [], activation } = structure;
  return widths.reduce((y, width, index) => {
    const reduces = reductions.includes(index);
    const keeps = !reduces && width === (widths[index - 1] ?? entry);
    const block: Block = {
      channels: keeps ? y.shape[3]! : numbers.widths[index]!,
      expanded: numbers.expanded(index, y.shape[3]!),
      kernel: numbers.kernels[index]!,
      stride: reduces ? 2 : 1,
      squeeze: squeezed.includes(index),
      activation: activation(index),
    };
    return invertedResidual(tf, y, block);
  }, x);
}

/** Expansion factors in the list `expansions`. */
function byFactor({ expansions }: FamilyConfiguration) {
  return (block: number, channels: number): number => channels * expansions![block]!;
}

const FACTOR_LISTS = ['kernels', 'widths', 'expansions'];

const MOBILENETV2: Structure = {
  entry: 32,
  widths: [16, 24, 24, 32, 32, 32, 64, 64, 64, 64, 96, 96, 96, 160, 160, 160, 320],
  reductions: [1, 3, 6, 13],
  activation: () => relu6,
};

/** The kernel of the first block is the stem's too; `widths` has the stem before and the last convolution after. */
export const mobilenetv2: FamilyNetwork = {
  name: 'mobilenetv2',
  lists: FACTOR_LISTS,
  base: {
    kernels: MOBILENETV2.widths.map(() => 3),
    widths: [32, ...MOBILENETV2.widths, 1280],
    expansions: MOBILENETV2.widths.map((_, index) => (index === 0 ? 1 : 6)),
  },
  body(tf, configuration) {
    const { kernels, widths } = configuration as { kernels: number[]; widths: number[] };
    const x = tf.relu6(tf.convBn(tf.input, widths[0]!, kernels[0]!, 2));
    const expanded = byFactor(configuration);
    const y = chain(tf, x, MOBILENETV2, { kernels, widths: widths.slice(1), expanded });
    return tf.globalAverage(tf.convBnRelu(y, widths[18]!));
  },
};

const PROXYLESSNAS: Structure = {
  entry: 32,
  widths: [16, 32, 32, 40, 40, 40, 40, 80, 80, 80, 80, 96, 96, 96, 96, 192, 192, 192, 192, 320],
  reductions: [1, 3, 7, 15],
  activation: () => relu6,
};

export const proxylessnas: FamilyNetwork = {
  name: 'proxylessnas',
  lists: FACTOR_LISTS,
  base: {
    kernels: [3, 5, 3, 7, 3, 5, 5, 7, 5, 5, 5, 5, 5, 5, 5, 7, 7, 7, 7, 7],
    widths: PROXYLESSNAS.widths,
    expansions: [1, 3, 3, 3, 3, 3, 3, 6, 3, 3, 3, 6, 3, 3, 3, 6, 6, 3, 3, 6],
  },
  body(tf, configuration) {
    const { kernels, widths } = configuration as { kernels: number[]; widths: number[] };
    const x = tf.relu6(tf.convBn(tf.input, 32, 3, 2));
    const y = chain(tf, x, PROXYLESSNAS, { kernels, widths, expanded: byFactor(configuration) });
    return tf.globalAverage(tf.convBnRelu(y, 1280));
  },
};

const MNASNET: Structure = {
  entry: 16,
  widths: [24, 24, 40, 40, 80, 80, 80, 80, 112, 112, 160, 160, 160, 320],
  reductions: [0, 2, 5, 11],
  squeezed: [2, 3, 4, 9, 10, 11, 12, 13],
  activation: () => relu,
};

export const mnasnet: FamilyNetwork = {
  name: 'mnasnet',
  lists: FACTOR_LISTS,
  base: {
    kernels: [3, 3, 5, 5, 5, 3, 3, 3, 3, 3, 3, 5, 5, 5],
    widths: MNASNET.widths,
    expansions: [6, 6, 3, 3, 3, 6, 6, 6, 6, 6, 6, 6, 6, 6],
  },
  body(tf, configuration) {
    const { kernels, widths } = configuration as { kernels: number[]; widths: number[] };
    let x = tf.convBnRelu(tf.input, 32, 3, 2);
    x = tf.convBn(tf.relu(tf.batchNorm(tf.depthwise(x, 3, 1))), 16);
    const y = chain(tf, x, MNASNET, { kernels, widths, expanded: byFactor(configuration) });
    return tf.globalAverage(tf.convBnRelu(y, 1280));
  },
};

function mobilenetv3(
  name: string,
  structure: Structure,
  base: FamilyConfiguration,
  lastChannels: number,
): FamilyNetwork {
  return {
    name,
    lists: ['kernels', 'widths', 'expanded'],
    base: { widths: structure.widths, ...base },
    body(tf, configuration) {
      const { kernels, widths } = configuration as { kernels: number[]; widths: number[] };
      const x = hardSwish(tf, tf.convBn(tf.input, 16, 3, 2));
      const expanded = (block: number): number => configuration.expanded![block]!;
      const y = chain(tf, x, structure, { kernels, widths, expanded });
      return tf.globalAverage(hardSwish(tf, tf.convBn(y, lastChannels)));
    },
  };
}

export const mobilenetv3s: readonly FamilyNetwork[] = [
  mobilenetv3(
    'mobilenetv3large',
    {
      entry: 16,
      widths: [16, 24, 24, 40, 40, 40, 80, 80, 80, 80, 112, 112, 160, 160, 160],
      reductions: [1, 3, 6, 12],
      squeezed: [3, 4, 5, 10, 11, 12, 13, 14],
      activation: (block) => (block < 6 ? relu : hardSwish),
    },
    {
      kernels: [3, 3, 3, 5, 5, 5, 3, 3, 3, 3, 3, 3, 5, 5, 5],
      expanded: [16, 64, 72, 72, 120, 120, 240, 200, 184, 184, 480, 672, 672, 960, 960],
    },
    1280,
  ),
  mobilenetv3(
    'mobilenetv3small',
    {
      entry: 16,
      widths: [16, 24, 24, 40, 40, 40, 48, 48, 96, 96, 96],
      reductions: [0, 1, 3, 8],
      squeezed: [0, 3, 4, 5, 6, 7, 8, 9, 10],
      activation: (block) => (block < 3 ? relu : hardSwish),
    },
    {
      kernels: [3, 3, 3, 5, 5, 5, 5, 5, 5, 5, 5],
      expanded: [16, 72, 88, 96, 240, 240, 120, 144, 288, 576, 576],
    },
    1024,
  ),
];
