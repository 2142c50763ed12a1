import type { ShapedTensor } from '@nnmeter/ir';
import { type ChoiceInput, defineSpace } from '../space.ts';
import { BlockLayers, invertedResidual } from './layers.ts';
import { nameOf, upTo } from './sample-values.ts';

const STEM = 16;
const HEAD = 1984;
const STAGES = [
  { channels: 16, blocks: 1, stride: 1 },
  { channels: 24, blocks: 4, stride: 2 },
  { channels: 32, blocks: 4, stride: 2 },
  { channels: 64, blocks: 4, stride: 2 },
  { channels: 112, blocks: 4, stride: 1 },
  { channels: 184, blocks: 4, stride: 2 },
  { channels: 352, blocks: 1, stride: 1 },
] as const;
const LAYERS = STAGES.flatMap(({ channels, blocks, stride }) =>
  upTo(blocks).map((index) => ({ channels, stride: index === 0 ? stride : 1 })),
);
/** Kernel, expansion, groups of the 1x1 convolutions; in the order of HW-NAS-Bench. */
const OPERATIONS = [3, 5].flatMap((kernel) =>
  ['e1', 'e1_g2', 'e3', 'e6'].map((expansion) => `k${kernel}_${expansion}`),
);

/**
 * FBNet (Wu et al., arXiv:1812.03443): 22 layers of nine operations. A skip that has to change the shape is a linear 1x1
 * convolution.
 */
export const fbnet = defineSpace({
  name: 'fbnet',
  input: [1, 3, 224, 224],
  choices: LAYERS.map((_, layer): [string, ChoiceInput] => [
    `layer_${layer + 1}`,
    [...OPERATIONS, 'skip'],
  ]),
  build(sample, builder, input) {
    const ends = new BlockLayers(builder, 'ends');
    const image = builder.input('input', input);
    let x = ends.convBn(image, STEM, { kernel: 3, stride: 2, activation: 'relu' });
    for (const [at, { channels, stride }] of LAYERS.entries()) {
      const label = `layer_${at + 1}`;
      const layers = new BlockLayers(builder, label);
      x = layer(x, nameOf(sample, label), channels, stride, layers);
    }
    x = ends.convBn(x, HEAD, { activation: 'relu' });
    return builder.build(ends.classify(x, 1000));
  },
});

function layer(
  x: ShapedTensor,
  operation: string,
  channels: number,
  stride: number,
  layers: BlockLayers,
): ShapedTensor {
  if (operation === 'skip') {
    const isSameShape = stride === 1 && x.shape[1] === channels;
    return isSameShape ? x : layers.convBn(x, channels, { stride });
  }
  const [, kernel, ratio, groups = '1'] = /^k(\d)_e(\d)(?:_g(\d))?$/.exec(operation)!;
  return invertedResidual(layers, x, {
    ...{ channels, stride, activation: 'relu' },
    hidden: x.shape[1]! * Number(ratio),
    kernel: Number(kernel),
    groups: Number(groups),
  });
}
