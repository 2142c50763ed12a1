import type { Shape } from '@nnmeter/ir';
import {
  buildDatasetModel,
  buildModel,
  convnext,
  type DatasetFamily,
  datasetFamilies,
  densenet,
  efficientnet,
  mnasnet,
  mobilenetV2,
  modelNames,
  type NetworkOptions,
  regnet,
  resnet,
  shufflenetV2,
  swin,
  vit,
} from '@nnmeter/zoo';
import { buildDecoder } from './decoder.ts';
import {
  between,
  choose,
  type Draft,
  type Draw,
  drawSide,
  drawWidths,
  type Random,
} from './draw.ts';

/** One draw for each of the families of networks. */
export const NETWORK_DRAWS: readonly Draw[] = [
  ...datasetFamilies().map(drawFamily),
  drawTorchvision,
  drawTorchvision,
  draw('tv-resnet', resnet, (random) => {
    const block = choose(random, ['basic', 'bottleneck'] as const);
    const layers = Array.from({ length: 4 }, () => choose(random, [1, 1, 2, 3]));
    const width = Math.round(between(random, 12, 80));
    const kernel = choose(random, [3, 3, 5]);
    // ResNeXt's grouped convolutions.
    if (block === 'basic' || random() < 0.4) return { block, layers, width, kernel };
    const groups = choose(random, [2, 4, 8]);
    const widthPerGroup = choose(random, [4, 8, 12]);
    return { block, layers, width: width * 4, kernel, groups, widthPerGroup };
  }),
  draw('tv-mobilenet_v2', mobilenetV2, (random) => ({
    width: between(random, 0.25, 1.8),
    kernel: choose(random, [3, 3, 5, 7]),
  })),
  draw('tv-mnasnet', mnasnet, (random) => ({ width: between(random, 0.3, 1.5) })),
  draw('tv-regnet', regnet, (random) => ({
    depth: choose(random, [8, 12, 16]),
    initialWidth: 8 * choose(random, [3, 4, 6, 8]),
    slope: between(random, 16, 40),
    multiplier: choose(random, [2, 2.25, 2.5]),
    groupWidth: choose(random, [8, 16, 24]),
    ...(random() < 0.5 && { squeeze: 0.25 }),
  })),
  draw('tv-efficientnet', efficientnet, (random) => ({
    stages: [
      stage('fused', 1, 3, 1, 16, 1),
      stage(choose(random, ['fused', 'mbconv']), 4, 3, 2, 24, 2),
      stage('mbconv', choose(random, [3, 4, 6]), choose(random, [3, 5]), 2, 40, 2),
      stage('mbconv', 6, choose(random, [3, 5]), 2, 80, choose(random, [1, 2, 3])),
      stage('mbconv', 6, 5, 2, 160, 1),
    ],
    width: between(random, 0.4, 1.5),
  })),
  draw('tv-shufflenet_v2', shufflenetV2, (random) => {
    const width = (base: number): number => 2 * Math.round(base * factor);
    const factor = between(random, 0.3, 1.5);
    return { channels: [24, width(58), width(116), width(232), 1024] };
  }),
  draw('tv-densenet', densenet, (random) => ({
    blocks: [3, 6, 6, 4],
    growth: Math.round(between(random, 8, 40)),
    stemChannels: Math.round(between(random, 16, 64)),
  })),
  draw('tv-convnext', convnext, (random) => {
    const width = Math.round(between(random, 16, 80));
    return {
      channels: [1, 2, 4, 8].map((factor) => factor * width),
      blocks: [1, 1, choose(random, [1, 2, 3]), 1],
      kernel: choose(random, [5, 7]),
    };
  }),
  draw(
    'tv-vit',
    vit,
    (random) => {
      const heads = choose(random, [2, 3, 4, 6]);
      const hidden = heads * choose(random, [24, 32, 48, 64]);
      const mlp = hidden * choose(random, [2, 4]);
      return {
        patch: choose(random, [8, 16, 32]),
        layers: choose(random, [1, 2, 4]),
        heads,
        hidden,
        mlp,
      };
    },
    32,
  ),
  draw(
    'tv-swin',
    swin,
    (random) => ({
      version: choose(random, [1, 2] as const),
      embedding: 12 * choose(random, [2, 3, 4, 6]),
      depths: [1, 1, choose(random, [1, 2]), 1],
      heads: [1, 2, 4, 8].map((factor) => 2 * factor),
      window: choose(random, [4, 7, 8]),
    }),
    32,
  ),
  draw('decoder', buildDecoder, (random) => ({
    width: Math.round(between(random, 8, 48)),
    depth: choose(random, [2, 3, 4]),
    kernel: choose(random, [2, 3, 4]),
    attention: random() < 0.5,
  })),
];

function stage(
  block: 'fused' | 'mbconv',
  ...[expansion, kernel, stride, channels, blocks]: [number, number, number, number, number]
) {
  return { block, expansion, kernel, stride, channels, blocks };
}

/** Draws a network of a parametric builder. @param multiple that the sides of its image have to be of */
function draw<O extends NetworkOptions>(
  family: string,
  build: (options: O) => ReturnType<typeof buildModel>,
  parameters: (random: Random) => Omit<O, keyof NetworkOptions>,
  multiple = 1,
): Draw {
  return (random): Draft => {
    const side = Math.max(multiple, Math.round(drawSide(random) / multiple) * multiple);
    const configuration = { ...parameters(random), ...sizes(random, [1, 3, side, side]) };
    return {
      family,
      configuration,
      isKernel: false,
      build: (name) => build({ ...configuration, name } as unknown as O),
    };
  };
}

function drawTorchvision(random: Random): Draft {
  const network = choose(random, modelNames());
  const side = Math.round(drawSide(random) / 32) * 32;
  const configuration = sizes(random, [1, 3, side, side]);
  return {
    family: `tv-${network}`,
    configuration,
    isKernel: false,
    build: (name) => buildModel(network, { ...configuration, name }),
  };
}

/** Draws a network as those of nn-Meter's benchmark, with other widths, kernels and factors. */
function drawFamily({ name: family, lists, base }: DatasetFamily): Draw {
  return (random): Draft => {
    const side = drawSide(random);
    const widths = drawWidths(random);
    const change: Readonly<Record<string, (value: number) => number>> = {
      kernels: random() < 0.5 ? (kernel) => kernel : () => choose(random, [1, 3, 3, 5, 7]),
      expansions: (expansion) => (expansion === 1 ? 1 : choose(random, [2, 3, 4, 6])),
      reductions: () => choose(random, [1, 1, 2]),
      ratios: () => choose(random, [0.5, 0.75, 1]),
    };
    const numbers = Object.fromEntries(
      lists.map((list) => [list, base[list]!.map(change[list] ?? widths)]),
    );
    const configuration = { numbers, ...sizes(random, [1, side, side, 3]) };
    const { inputShape, classes } = configuration;
    return {
      family,
      configuration,
      isKernel: false,
      build: (name) => buildDatasetModel(family, numbers, { name, inputShape, classes }),
    };
  };
}

function sizes(random: Random, inputShape: Shape): { inputShape: Shape; classes: number } {
  return { inputShape, classes: choose(random, [10, 100, 1000]) };
}
