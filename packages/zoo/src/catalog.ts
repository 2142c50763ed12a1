import type { Graph } from '@nnmeter/ir';
import { alexnet } from './torch/alexnet.ts';
import { convnext } from './torch/convnext.ts';
import { densenet } from './torch/densenet.ts';
import { type EfficientNetStage, efficientnet } from './torch/efficientnet.ts';
import { googlenet } from './torch/googlenet.ts';
import { inceptionV3 } from './torch/inception-v3.ts';
import { maxvit } from './torch/maxvit.ts';
import { mnasnet } from './torch/mnasnet.ts';
import { mobilenetV2 } from './torch/mobilenet-v2.ts';
import { type MobileNetV3Block, mobilenetV3 } from './torch/mobilenet-v3.ts';
import type { NetworkOptions } from './torch/options.ts';
import { type RegNetOptions, regnet } from './torch/regnet.ts';
import { type ResNetOptions, resnet } from './torch/resnet.ts';
import { shufflenetV2 } from './torch/shufflenet-v2.ts';
import { squeezenet } from './torch/squeezenet.ts';
import { swin } from './torch/swin.ts';
import { vgg } from './torch/vgg.ts';
import { vit } from './torch/vit.ts';

export type Build = (options: NetworkOptions) => Graph;

/** A builder with a network's own parameters filled in. */
function preset<O extends NetworkOptions>(
  build: (options: O) => Graph,
  parameters: Omit<O, keyof NetworkOptions>,
): Build {
  return (options) => build({ ...parameters, ...options } as O);
}

const basic = (layers: readonly number[]): Build =>
  preset<ResNetOptions>(resnet, { block: 'basic', layers });
const bottleneck = (layers: readonly number[], groups = 1, widthPerGroup = 64): Build =>
  preset<ResNetOptions>(resnet, { block: 'bottleneck', layers, groups, widthPerGroup });

const VGG_STAGES = {
  vgg11: [[64], [128], [256, 256], [512, 512], [512, 512]],
  vgg13: [
    [64, 64],
    [128, 128],
    [256, 256],
    [512, 512],
    [512, 512],
  ],
  vgg16: [
    [64, 64],
    [128, 128],
    [256, 256, 256],
    [512, 512, 512],
    [512, 512, 512],
  ],
  vgg19: [
    [64, 64],
    [128, 128],
    [256, 256, 256, 256],
    [512, 512, 512, 512],
    [512, 512, 512, 512],
  ],
};

/** [depth, initial width, slope, multiplier, group width] */
type RegNetRow = readonly [number, number, number, number, number];
const regnetX = ([depth, initialWidth, slope, multiplier, groupWidth]: RegNetRow): Build =>
  preset<RegNetOptions>(regnet, { depth, initialWidth, slope, multiplier, groupWidth });
const regnetY = ([depth, initialWidth, slope, multiplier, groupWidth]: RegNetRow): Build =>
  preset<RegNetOptions>(regnet, {
    depth,
    initialWidth,
    slope,
    multiplier,
    groupWidth,
    squeeze: 0.25,
  });

/** [fused?, expansion, kernel, stride, channels, blocks] */
type EfficientNetRow = readonly ['fused' | 'mbconv', number, number, number, number, number];
const efficientNetStages = (rows: readonly EfficientNetRow[]): EfficientNetStage[] =>
  rows.map(([block, expansion, kernel, stride, channels, blocks]) => ({
    block,
    expansion,
    kernel,
    stride,
    channels,
    blocks,
  }));
const EFFICIENTNET_STAGES = efficientNetStages([
  ['mbconv', 1, 3, 1, 16, 1],
  ['mbconv', 6, 3, 2, 24, 2],
  ['mbconv', 6, 5, 2, 40, 2],
  ['mbconv', 6, 3, 2, 80, 3],
  ['mbconv', 6, 5, 1, 112, 3],
  ['mbconv', 6, 5, 2, 192, 4],
  ['mbconv', 6, 3, 1, 320, 1],
]);
const efficientnetB = (width: number, depth: number): Build =>
  preset(efficientnet, { stages: EFFICIENTNET_STAGES, width, depth });
const efficientnetV2 = (rows: readonly EfficientNetRow[]): Build =>
  preset(efficientnet, {
    stages: efficientNetStages(rows),
    stem: rows[0]![4],
    lastChannels: 1280,
  });

/** [kernel, expanded, channels, squeeze-and-excite?, activation, stride] */
type MobileNetV3Row = readonly [number, number, number, boolean, 'relu' | 'hswish', number];
const mobilenetV3Preset = (rows: readonly MobileNetV3Row[], hidden: number): Build =>
  preset(mobilenetV3, {
    blocks: rows.map(
      ([kernel, expanded, channels, squeeze, activation, stride]): MobileNetV3Block => ({
        kernel,
        expanded,
        channels,
        squeeze,
        activation,
        stride,
      }),
    ),
    hidden,
  });

const swinPreset = (
  version: 1 | 2,
  embedding: number,
  thirdDepth: number,
  firstHeads: number,
): Build =>
  preset(swin, {
    version,
    embedding,
    depths: [2, 2, thirdDepth, 2],
    heads: [1, 2, 4, 8].map((factor) => factor * firstHeads),
    window: version === 1 ? 7 : 8,
  });

/** Every torchvision 0.14 classification network by torchvision's name. */
export const catalog: Readonly<Record<string, Build>> = {
  alexnet: preset(alexnet, {}),
  convnext_tiny: preset(convnext, { channels: [96, 192, 384, 768], blocks: [3, 3, 9, 3] }),
  convnext_small: preset(convnext, { channels: [96, 192, 384, 768], blocks: [3, 3, 27, 3] }),
  convnext_base: preset(convnext, { channels: [128, 256, 512, 1024], blocks: [3, 3, 27, 3] }),
  convnext_large: preset(convnext, { channels: [192, 384, 768, 1536], blocks: [3, 3, 27, 3] }),
  densenet121: preset(densenet, { blocks: [6, 12, 24, 16] }),
  densenet161: preset(densenet, { blocks: [6, 12, 36, 24], growth: 48, stemChannels: 96 }),
  densenet169: preset(densenet, { blocks: [6, 12, 32, 32] }),
  densenet201: preset(densenet, { blocks: [6, 12, 48, 32] }),
  efficientnet_b0: efficientnetB(1, 1),
  efficientnet_b1: efficientnetB(1, 1.1),
  efficientnet_b2: efficientnetB(1.1, 1.2),
  efficientnet_b3: efficientnetB(1.2, 1.4),
  efficientnet_b4: efficientnetB(1.4, 1.8),
  efficientnet_b5: efficientnetB(1.6, 2.2),
  efficientnet_b6: efficientnetB(1.8, 2.6),
  efficientnet_b7: efficientnetB(2, 3.1),
  efficientnet_v2_s: efficientnetV2([
    ['fused', 1, 3, 1, 24, 2],
    ['fused', 4, 3, 2, 48, 4],
    ['fused', 4, 3, 2, 64, 4],
    ['mbconv', 4, 3, 2, 128, 6],
    ['mbconv', 6, 3, 1, 160, 9],
    ['mbconv', 6, 3, 2, 256, 15],
  ]),
  efficientnet_v2_m: efficientnetV2([
    ['fused', 1, 3, 1, 24, 3],
    ['fused', 4, 3, 2, 48, 5],
    ['fused', 4, 3, 2, 80, 5],
    ['mbconv', 4, 3, 2, 160, 7],
    ['mbconv', 6, 3, 1, 176, 14],
    ['mbconv', 6, 3, 2, 304, 18],
    ['mbconv', 6, 3, 1, 512, 5],
  ]),
  efficientnet_v2_l: efficientnetV2([
    ['fused', 1, 3, 1, 32, 4],
    ['fused', 4, 3, 2, 64, 7],
    ['fused', 4, 3, 2, 96, 7],
    ['mbconv', 4, 3, 2, 192, 10],
    ['mbconv', 6, 3, 1, 224, 19],
    ['mbconv', 6, 3, 2, 384, 25],
    ['mbconv', 6, 3, 1, 640, 7],
  ]),
  googlenet: preset(googlenet, {}),
  inception_v3: inceptionV3,
  maxvit_t: preset(maxvit, {
    stem: 64,
    channels: [64, 128, 256, 512],
    layers: [2, 2, 5, 2],
    headChannels: 32,
    partition: 7,
  }),
  mnasnet0_5: preset(mnasnet, { width: 0.5 }),
  mnasnet0_75: preset(mnasnet, { width: 0.75 }),
  mnasnet1_0: preset(mnasnet, { width: 1 }),
  mnasnet1_3: preset(mnasnet, { width: 1.3 }),
  mobilenet_v2: preset(mobilenetV2, {}),
  mobilenet_v3_large: mobilenetV3Preset(
    [
      [3, 16, 16, false, 'relu', 1],
      [3, 64, 24, false, 'relu', 2],
      [3, 72, 24, false, 'relu', 1],
      [5, 72, 40, true, 'relu', 2],
      [5, 120, 40, true, 'relu', 1],
      [5, 120, 40, true, 'relu', 1],
      [3, 240, 80, false, 'hswish', 2],
      [3, 200, 80, false, 'hswish', 1],
      [3, 184, 80, false, 'hswish', 1],
      [3, 184, 80, false, 'hswish', 1],
      [3, 480, 112, true, 'hswish', 1],
      [3, 672, 112, true, 'hswish', 1],
      [5, 672, 160, true, 'hswish', 2],
      [5, 960, 160, true, 'hswish', 1],
      [5, 960, 160, true, 'hswish', 1],
    ],
    1280,
  ),
  mobilenet_v3_small: mobilenetV3Preset(
    [
      [3, 16, 16, true, 'relu', 2],
      [3, 72, 24, false, 'relu', 2],
      [3, 88, 24, false, 'relu', 1],
      [5, 96, 40, true, 'hswish', 2],
      [5, 240, 40, true, 'hswish', 1],
      [5, 240, 40, true, 'hswish', 1],
      [5, 120, 48, true, 'hswish', 1],
      [5, 144, 48, true, 'hswish', 1],
      [5, 288, 96, true, 'hswish', 2],
      [5, 576, 96, true, 'hswish', 1],
      [5, 576, 96, true, 'hswish', 1],
    ],
    1024,
  ),
  regnet_x_400mf: regnetX([22, 24, 24.48, 2.54, 16]),
  regnet_x_800mf: regnetX([16, 56, 35.73, 2.28, 16]),
  regnet_x_1_6gf: regnetX([18, 80, 34.01, 2.25, 24]),
  regnet_x_3_2gf: regnetX([25, 88, 26.31, 2.25, 48]),
  regnet_x_8gf: regnetX([23, 80, 49.56, 2.88, 120]),
  regnet_x_16gf: regnetX([22, 216, 55.59, 2.1, 128]),
  regnet_x_32gf: regnetX([23, 320, 69.86, 2, 168]),
  regnet_y_400mf: regnetY([16, 48, 27.89, 2.09, 8]),
  regnet_y_800mf: regnetY([14, 56, 38.84, 2.4, 16]),
  regnet_y_1_6gf: regnetY([27, 48, 20.71, 2.65, 24]),
  regnet_y_3_2gf: regnetY([21, 80, 42.63, 2.66, 24]),
  regnet_y_8gf: regnetY([17, 192, 76.82, 2.19, 56]),
  regnet_y_16gf: regnetY([18, 200, 106.23, 2.48, 112]),
  regnet_y_32gf: regnetY([20, 232, 115.89, 2.53, 232]),
  regnet_y_128gf: regnetY([27, 456, 160.83, 2.52, 264]),
  resnet18: basic([2, 2, 2, 2]),
  resnet34: basic([3, 4, 6, 3]),
  resnet50: bottleneck([3, 4, 6, 3]),
  resnet101: bottleneck([3, 4, 23, 3]),
  resnet152: bottleneck([3, 8, 36, 3]),
  resnext50_32x4d: bottleneck([3, 4, 6, 3], 32, 4),
  resnext101_32x8d: bottleneck([3, 4, 23, 3], 32, 8),
  resnext101_64x4d: bottleneck([3, 4, 23, 3], 64, 4),
  shufflenet_v2_x0_5: preset(shufflenetV2, { channels: [24, 48, 96, 192, 1024] }),
  shufflenet_v2_x1_0: preset(shufflenetV2, { channels: [24, 116, 232, 464, 1024] }),
  shufflenet_v2_x1_5: preset(shufflenetV2, { channels: [24, 176, 352, 704, 1024] }),
  shufflenet_v2_x2_0: preset(shufflenetV2, { channels: [24, 244, 488, 976, 2048] }),
  squeezenet1_0: preset(squeezenet, {
    stem: { kernel: 7, channels: 96 },
    stages: [
      [
        [16, 64, 64],
        [16, 64, 64],
        [32, 128, 128],
      ],
      [
        [32, 128, 128],
        [48, 192, 192],
        [48, 192, 192],
        [64, 256, 256],
      ],
      [[64, 256, 256]],
    ],
  }),
  squeezenet1_1: preset(squeezenet, {
    stem: { kernel: 3, channels: 64 },
    stages: [
      [
        [16, 64, 64],
        [16, 64, 64],
      ],
      [
        [32, 128, 128],
        [32, 128, 128],
      ],
      [
        [48, 192, 192],
        [48, 192, 192],
        [64, 256, 256],
        [64, 256, 256],
      ],
    ],
  }),
  swin_t: swinPreset(1, 96, 6, 3),
  swin_s: swinPreset(1, 96, 18, 3),
  swin_b: swinPreset(1, 128, 18, 4),
  swin_v2_t: swinPreset(2, 96, 6, 3),
  swin_v2_s: swinPreset(2, 96, 18, 3),
  swin_v2_b: swinPreset(2, 128, 18, 4),
  ...Object.fromEntries(
    Object.entries(VGG_STAGES).flatMap(([name, stages]) => [
      [name, preset(vgg, { stages })],
      [`${name}_bn`, preset(vgg, { stages, normalized: true })],
    ]),
  ),
  vit_b_16: preset(vit, { patch: 16, layers: 12, heads: 12, hidden: 768, mlp: 3072 }),
  vit_b_32: preset(vit, { patch: 32, layers: 12, heads: 12, hidden: 768, mlp: 3072 }),
  vit_l_16: preset(vit, { patch: 16, layers: 24, heads: 16, hidden: 1024, mlp: 4096 }),
  vit_l_32: preset(vit, { patch: 32, layers: 24, heads: 16, hidden: 1024, mlp: 4096 }),
  vit_h_14: preset(vit, { patch: 14, layers: 32, heads: 16, hidden: 1280, mlp: 5120 }),
  wide_resnet50_2: bottleneck([3, 4, 6, 3], 1, 128),
  wide_resnet101_2: bottleneck([3, 4, 23, 3], 1, 128),
};
