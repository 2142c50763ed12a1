import type { ShapedTensor } from '@nnmeter/ir';
import type { Sample } from '../choices.ts';
import { type ChoiceInput, defineSpace, type SearchSpace } from '../space.ts';
import { BlockLayers } from './layers.ts';
import { nameOf, numberOf, upTo } from './sample-values.ts';

const STAGES = [
  { blocks: 4, channels: 64 },
  { blocks: 4, channels: 160 },
  { blocks: 8, channels: 320 },
  { blocks: 4, channels: 640 },
] as const;
const STEM = 16;
const HEAD = 1024;
const OPERATIONS = ['k3', 'k5', 'k7', 'xcep'];

/** The blocks in order: their number from 1, channels, stride. */
const BLOCKS = STAGES.flatMap(({ blocks, channels }) =>
  upTo(blocks).map((index) => ({ channels, stride: index === 0 ? 2 : 1 })),
).map((block, index) => ({ ...block, number: index + 1 }));

/**
 * Single Path One-Shot (Guo et al., arXiv:1904.00420) as NNI's ShuffleNetSpace: 20 blocks of ShuffleNetV2 with four
 * operations; `spos-channels` chooses the inner channels too, 0.2 to 1.6 times the usual.
 */
function sposSpace(name: string, searchesChannels: boolean): SearchSpace {
  const choices: [string, ChoiceInput][] = [];
  for (const { number, channels } of BLOCKS) {
    choices.push([`layer_${number}`, OPERATIONS]);
    if (searchesChannels)
      choices.push([`channel_${number}`, upTo(8).map((step) => innerChannels(channels, step + 1))]);
  }
  return defineSpace({
    name,
    input: [1, 3, 224, 224],
    choices,
    terms: searchesChannels
      ? BLOCKS.map(({ number }) => [`layer_${number}`, `channel_${number}`])
      : [],
    build(sample, builder, input) {
      const ends = new BlockLayers(builder, 'ends');
      const stem = { kernel: 3, stride: 2, activation: 'relu' } as const;
      let x = ends.convBn(builder.input('input', input), STEM, stem);
      for (const block of BLOCKS) x = choiceBlock(x, block, sample, ends);
      x = ends.convBn(x, HEAD, { activation: 'relu' });
      return builder.build(ends.classify(x, 1000, false));
    },
  });
}

/** As Python rounds int(half * (.2 * step)). */
function innerChannels(channels: number, step: number): number {
  return Math.trunc((channels / 2) * (0.2 * step));
}

function choiceBlock(
  x: ShapedTensor,
  { number, channels, stride }: (typeof BLOCKS)[number],
  sample: Sample,
  { builder }: BlockLayers,
): ShapedTensor {
  const layers = new BlockLayers(builder, `layer_${number}`);
  const operation = nameOf(sample, `layer_${number}`);
  const inner =
    `channel_${number}` in sample ? numberOf(sample, `channel_${number}`) : channels / 2;
  const kernel = operation === 'xcep' ? 3 : Number(operation.slice(1));
  const [shortcut, main] = stride === 1 ? oddAndEven(x, layers) : [x, x];
  const own = main.shape[1]!;
  const out = channels - own;
  let y = main;
  if (operation === 'xcep') {
    for (const [index, width] of [inner, inner, out].entries()) {
      y = layers.depthwise(y, kernel, { stride: index === 0 ? stride : 1 });
      y = layers.convBn(y, width, { activation: 'relu' });
    }
  } else {
    y = layers.convBn(y, inner, { activation: 'relu' });
    y = layers.depthwise(y, kernel, { stride });
    y = layers.convBn(y, out, { activation: 'relu' });
  }
  const passed =
    stride === 1
      ? shortcut
      : layers.convBn(layers.depthwise(x, kernel, { stride }), own, { activation: 'relu' });
  return builder.concat([passed, y], 1, { name: layers.name('concat') });
}

/** The channels of even and of odd index: a shuffle into two groups, and its halves. */
function oddAndEven(x: ShapedTensor, layers: BlockLayers): [ShapedTensor, ShapedTensor] {
  const half = x.shape[1]! / 2;
  const shuffled = layers.shuffle(x, half);
  const [even, odd] = layers.builder.split(shuffled, [half, half], 1, {
    name: layers.name('split'),
  });
  return [even!, odd!];
}

export const spos = sposSpace('spos', false);
export const sposChannels = sposSpace('spos-channels', true);
