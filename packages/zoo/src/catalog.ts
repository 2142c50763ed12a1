import { mobileCatalog } from './mobile-catalog.ts';
import { type Build, preset } from './preset.ts';
import { alexnet } from './torch/alexnet.ts';
import { convnext } from './torch/convnext.ts';
import { densenet } from './torch/densenet.ts';
import { googlenet } from './torch/googlenet.ts';
import { inceptionV3 } from './torch/inception-v3.ts';
import { maxvit } from './torch/maxvit.ts';
import { type RegNetOptions, regnet } from './torch/regnet.ts';
import { type ResNetOptions, resnet } from './torch/resnet.ts';
import { swin } from './torch/swin.ts';
import { vgg } from './torch/vgg.ts';
import { vit } from './torch/vit.ts';

const basic = (layers: readonly number[]): Build =>
  preset<ResNetOptions>(resnet, { block: 'basic', layers });
const bottleneck = (layers: readonly number[], groups = 1, widthPerGroup = 64): Build =>
  preset<ResNetOptions>(resnet, { block: 'bottleneck', layers, groups, widthPerGroup });

/** Convolutions of each stage. */
const VGG_DEPTHS = {
  vgg11: [1, 1, 2, 2, 2],
  vgg13: [2, 2, 2, 2, 2],
  vgg16: [2, 2, 3, 3, 3],
  vgg19: [2, 2, 4, 4, 4],
};
const vggStages = (depths: readonly number[]): number[][] =>
  depths.map((depth, stage) => new Array<number>(depth).fill(Math.min(64 * 2 ** stage, 512)));

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
  ...mobileCatalog,
  alexnet: preset(alexnet, {}),
  convnext_tiny: preset(convnext, { channels: [96, 192, 384, 768], blocks: [3, 3, 9, 3] }),
  convnext_small: preset(convnext, { channels: [96, 192, 384, 768], blocks: [3, 3, 27, 3] }),
  convnext_base: preset(convnext, { channels: [128, 256, 512, 1024], blocks: [3, 3, 27, 3] }),
  convnext_large: preset(convnext, { channels: [192, 384, 768, 1536], blocks: [3, 3, 27, 3] }),
  densenet121: preset(densenet, { blocks: [6, 12, 24, 16] }),
  densenet161: preset(densenet, { blocks: [6, 12, 36, 24], growth: 48, stemChannels: 96 }),
  densenet169: preset(densenet, { blocks: [6, 12, 32, 32] }),
  densenet201: preset(densenet, { blocks: [6, 12, 48, 32] }),
  googlenet: preset(googlenet, {}),
  inception_v3: inceptionV3,
  maxvit_t: preset(maxvit, {
    stem: 64,
    channels: [64, 128, 256, 512],
    layers: [2, 2, 5, 2],
    headChannels: 32,
    partition: 7,
  }),
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
  swin_t: swinPreset(1, 96, 6, 3),
  swin_s: swinPreset(1, 96, 18, 3),
  swin_b: swinPreset(1, 128, 18, 4),
  swin_v2_t: swinPreset(2, 96, 6, 3),
  swin_v2_s: swinPreset(2, 96, 18, 3),
  swin_v2_b: swinPreset(2, 128, 18, 4),
  ...Object.fromEntries(
    Object.entries(VGG_DEPTHS).flatMap(([name, depths]) => [
      [name, preset(vgg, { stages: vggStages(depths) })],
      [`${name}_bn`, preset(vgg, { stages: vggStages(depths), normalized: true })],
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
