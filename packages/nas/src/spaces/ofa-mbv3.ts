import type { Shape } from '@nnmeter/ir';
import { makeDivisible } from '@nnmeter/zoo';
import type { Sample } from '../choices.ts';
import { type ChoiceInput, defineSpace } from '../space.ts';
import { BlockLayers, invertedResidual, type Stage } from './layers.ts';
import { fromDepth, numberOf, upTo } from './sample-values.ts';

const DEPTHS = [2, 3, 4];
const KERNELS = [3, 5, 7];
const RATIOS = [3, 4, 6];
const RESOLUTIONS = [160, 176, 192, 208, 224];
/** Of the stem and the first block, which is always the same. */
export const FIRST = 16;
const STAGES = [
  { channels: 24, stride: 2, activation: 'relu', squeeze: false },
  { channels: 40, stride: 2, activation: 'relu', squeeze: true },
  { channels: 80, stride: 2, activation: 'hswish', squeeze: false },
  { channels: 112, stride: 1, activation: 'hswish', squeeze: true },
  { channels: 160, stride: 2, activation: 'hswish', squeeze: true },
] as const satisfies readonly Stage[];
export const EXPANDED = 960;
export const HEAD = 1280;
export const CLASSES = 1000;

/** What is always there, by the names of OFA's latency tables. */
export type OfaPart = 'Conv' | 'expanded_conv' | 'Conv_1' | 'AvgPool2D' | 'Conv_2' | 'Logits';

function choices(): [string, ChoiceInput][] {
  const blocks = STAGES.flatMap((_, stage): [string, ChoiceInput][] => {
    const depth = `s${stage + 1}_depth`;
    return [
      [depth, DEPTHS],
      ...upTo(Math.max(...DEPTHS)).flatMap((index): [string, ChoiceInput][] => [
        [`s${stage + 1}_i${index}_ks`, fromDepth(KERNELS, depth, DEPTHS, index)],
        [`s${stage + 1}_i${index}_exp`, fromDepth(RATIOS, depth, DEPTHS, index)],
      ]),
    ];
  });
  return [['resolution', RESOLUTIONS], ...blocks];
}

/** The shape of the input of a sample. */
export function ofaInput(sample: Sample, [batch, channels]: Shape): Shape {
  const side = numberOf(sample, 'resolution');
  return [batch!, channels!, side, side];
}

/** The blocks of a sample in order. */
export function ofaBlocks(sample: Sample) {
  return STAGES.flatMap((stage, at) =>
    upTo(numberOf(sample, `s${at + 1}_depth`)).map((index) => ({
      ...stage,
      block: `s${at + 1}_i${index}`,
      stride: index === 0 ? stage.stride : 1,
      kernel: numberOf(sample, `s${at + 1}_i${index}_ks`),
      ratio: numberOf(sample, `s${at + 1}_i${index}_exp`),
    })),
  );
}

/**
 * Once-for-All MobileNetV3, width 1.0 (Cai et al., arXiv:1908.09791): depth, kernel and expansion of every block, and the
 * side of the image.
 */
export const ofaMbv3 = defineSpace({
  name: 'ofa-mbv3',
  input: [1, 3, 224, 224],
  choices: choices(),
  terms: [
    ['resolution'],
    ...STAGES.flatMap((_, stage) => [
      [`s${stage + 1}_depth`],
      ...upTo(Math.max(...DEPTHS)).map((index) => [
        'resolution',
        `s${stage + 1}_i${index}_ks`,
        `s${stage + 1}_i${index}_exp`,
      ]),
    ]),
  ],
  build(sample, builder, input) {
    const part = (name: OfaPart): BlockLayers => new BlockLayers(builder, name);
    let x = builder.input('input', ofaInput(sample, input));
    x = part('Conv').convBn(x, FIRST, { kernel: 3, stride: 2, activation: 'hswish' });
    x = invertedResidual(part('expanded_conv'), x, {
      ...{ channels: FIRST, hidden: FIRST, kernel: 3, stride: 1, activation: 'relu' },
      expand: false,
    });
    for (const { block, channels, stride, activation, squeeze, kernel, ratio } of ofaBlocks(
      sample,
    )) {
      const hidden = makeDivisible(x.shape[1]! * ratio);
      x = invertedResidual(new BlockLayers(builder, block), x, {
        ...{ channels, hidden, kernel, stride, activation },
        ...(squeeze && { squeezed: makeDivisible(Math.floor(hidden / 4)) }),
      });
    }
    x = part('Conv_1').convBn(x, EXPANDED, { activation: 'hswish' });
    x = builder.gap(x, { name: part('AvgPool2D').name('gap') });
    const mix = part('Conv_2');
    x = mix.activate(builder.conv(x, HEAD, { bias: false, name: mix.name('conv') }), 'hswish');
    const logits = part('Logits');
    x = builder.flatten(x, { name: logits.name('flatten') });
    return builder.build(builder.fc(x, CLASSES, { name: logits.name('fc') }));
  },
});
