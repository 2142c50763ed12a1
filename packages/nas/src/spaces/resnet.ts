import type { ShapedTensor } from '@nnmeter/ir';
import { makeDivisible } from '@nnmeter/zoo';
import { type ChoiceInput, defineSpace } from '../space.ts';
import { BlockLayers } from './layers.ts';
import { numberOf, upTo } from './sample-values.ts';

const STEM = 64;
const WIDTHS = [0.5, 0.75, 1, 1.25];
const STAGES = [
  { channels: 64, depths: [1, 2, 3], stride: 1 },
  { channels: 128, depths: [1, 2, 3, 4], stride: 2 },
  { channels: 256, depths: [1, 2, 3, 4, 5, 6], stride: 2 },
  { channels: 512, depths: [1, 2, 3], stride: 2 },
] as const;

/** ResNet of bottlenecks (He et al., arXiv:1512.03385) with the depth and the width of every stage; 50 layers at most. */
export const resnet = defineSpace({
  name: 'resnet',
  input: [1, 3, 224, 224],
  choices: STAGES.flatMap(({ depths }, stage): [string, ChoiceInput][] => [
    [`s${stage + 1}_depth`, depths],
    [`s${stage + 1}_width`, WIDTHS],
  ]),
  terms: STAGES.flatMap((_, at) => {
    const width = `s${at + 1}_width`;
    const own = [[width, `s${at + 1}_depth`]];
    return at === 0 ? own : [...own, [`s${at}_width`, width]];
  }),
  build(sample, builder, input) {
    const ends = new BlockLayers(builder, 'ends');
    const image = builder.input('input', input);
    let x = ends.convBn(image, STEM, { kernel: 7, stride: 2, activation: 'relu' });
    x = builder.maxpool(x, 3, { stride: 2, padding: 1, name: ends.name('maxpool') });
    for (const [at, { channels, stride }] of STAGES.entries()) {
      const inner = makeDivisible(channels * numberOf(sample, `s${at + 1}_width`));
      for (const index of upTo(numberOf(sample, `s${at + 1}_depth`)))
        x = bottleneck(x, inner, index === 0 ? stride : 1, new BlockLayers(builder, `s${at + 1}`));
    }
    return builder.build(ends.classify(x, 1000));
  },
});

function bottleneck(
  x: ShapedTensor,
  inner: number,
  stride: number,
  layers: BlockLayers,
): ShapedTensor {
  const channels = 4 * inner;
  let y = layers.convBn(x, inner, { activation: 'relu' });
  y = layers.convBn(y, inner, { kernel: 3, stride, activation: 'relu' });
  y = layers.convBn(y, channels);
  const isSameShape = stride === 1 && x.shape[1] === channels;
  const shortcut = isSameShape ? x : layers.convBn(x, channels, { stride });
  return layers.activate(layers.add(y, shortcut), 'relu');
}
