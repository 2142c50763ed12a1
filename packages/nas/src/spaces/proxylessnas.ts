import type { Sample } from '../choices.ts';
import { type ChoiceInput, defineSpace } from '../space.ts';
import { BlockLayers, invertedResidual } from './layers.ts';
import { fromDepth, nameOf, numberOf, upTo } from './sample-values.ts';

export const STEM = 32;
export const FIRST = 16;
export const HEAD = 1280;
export const CLASSES = 1000;

/** What is always there, by the names of ProxylessNAS's latency tables. */
export type ProxylessPart = 'Conv' | 'expanded_conv' | 'Conv_1' | 'Logits';
const DEPTHS = [1, 2, 3, 4];
const STAGES = [
  { number: 2, channels: 32, stride: 2 },
  { number: 3, channels: 40, stride: 2 },
  { number: 4, channels: 80, stride: 2 },
  { number: 5, channels: 96, stride: 1 },
  { number: 6, channels: 192, stride: 2 },
  { number: 7, channels: 320, stride: 1 },
] as const;
const LAST_STAGE = 7;
const OPERATIONS = [3, 6].flatMap((ratio) => [3, 5, 7].map((kernel) => `k${kernel}e${ratio}`));

function choices(): [string, ChoiceInput][] {
  return STAGES.flatMap(({ number }): [string, ChoiceInput][] => {
    if (number === LAST_STAGE) return [[`s${number}_i0`, OPERATIONS]];
    const depth = `s${number}_depth`;
    return [
      [depth, DEPTHS],
      ...DEPTHS.map((_, index): [string, ChoiceInput] => [
        `s${number}_i${index}`,
        fromDepth(OPERATIONS, depth, DEPTHS, index),
      ]),
    ];
  });
}

/** The blocks of a sample in order, with what the operation of each says. */
export function proxylessBlocks(sample: Sample) {
  return STAGES.flatMap(({ number, channels, stride }) => {
    const depth = number === LAST_STAGE ? 1 : numberOf(sample, `s${number}_depth`);
    return upTo(depth).map((index) => {
      const label = `s${number}_i${index}`;
      const [kernel, ratio] = nameOf(sample, label).slice(1).split('e').map(Number);
      return { label, channels, stride: index === 0 ? stride : 1, kernel: kernel!, ratio: ratio! };
    });
  });
}

/** ProxylessNAS (Cai et al., arXiv:1812.00332), with the labels of NNI's hub. */
export const proxylessnas = defineSpace({
  name: 'proxylessnas',
  input: [1, 3, 224, 224],
  choices: choices(),
  build(sample, builder, input) {
    const part = (name: ProxylessPart): BlockLayers => new BlockLayers(builder, name);
    let x = builder.input('input', input);
    x = part('Conv').convBn(x, STEM, { kernel: 3, stride: 2, activation: 'relu6' });
    const first = part('expanded_conv');
    x = first.convBn(first.depthwise(x, 3, { activation: 'relu6' }), FIRST);
    for (const { label, channels, stride, kernel, ratio } of proxylessBlocks(sample)) {
      x = invertedResidual(new BlockLayers(builder, label), x, {
        ...{ channels, kernel, stride, activation: 'relu6' },
        hidden: x.shape[1]! * ratio,
        residual: !label.endsWith('_i0'),
      });
    }
    x = part('Conv_1').convBn(x, HEAD, { activation: 'relu6' });
    return builder.build(part('Logits').classify(x, CLASSES));
  },
});
