import { type Build, preset } from './preset.ts';
import { type EfficientNetStage, efficientnet } from './torch/efficientnet.ts';
import { mnasnet } from './torch/mnasnet.ts';
import { mobilenetV2 } from './torch/mobilenet-v2.ts';
import { type MobileNetV3Block, mobilenetV3 } from './torch/mobilenet-v3.ts';
import { shufflenetV2 } from './torch/shufflenet-v2.ts';
import { squeezenet } from './torch/squeezenet.ts';

/** [kind of block, expansion, kernel, stride, channels, blocks] */
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

/** The networks made for small devices. */
export const mobileCatalog: Readonly<Record<string, Build>> = {
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
};
