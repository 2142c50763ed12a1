import type { ShapedTensor } from '@nnmeter/ir';
import { makeDivisible } from '@nnmeter/zoo';
import type { Sample } from '../choices.ts';
import { type ChoiceInput, defineSpace } from '../space.ts';
import { BlockLayers, invertedResidual, type Stage } from './layers.ts';
import { fromDepth, nameOf, numberOf, upTo } from './sample-values.ts';

const MULTIPLIERS = [0.5, 0.625, 0.75, 1, 1.25, 1.5, 2];
const RATIOS = [1, 2, 3, 4, 5, 6];
const KERNELS = [3, 5, 7];
const DEPTHS = [1, 2, 3, 4];
const STEM = 16;
const FIRST = 16;
const STAGES = [
  { channels: 16, stride: 2, activation: 'relu', squeeze: false },
  { channels: 32, stride: 2, activation: 'relu', squeeze: true },
  { channels: 64, stride: 2, activation: 'hswish', squeeze: false },
  { channels: 128, stride: 1, activation: 'hswish', squeeze: true },
  { channels: 256, stride: 2, activation: 'hswish', squeeze: true },
] as const satisfies readonly Stage[];
const EXPANDED = 512;
const HEAD = 1024;

function choices(): [string, ChoiceInput][] {
  const widths = upTo(STAGES.length + 3).map((stage): [string, ChoiceInput] => [
    `s${stage}_width_mult`,
    MULTIPLIERS,
  ]);
  const blocks = STAGES.flatMap(({ squeeze }, at): [string, ChoiceInput][] => {
    const stage = at + 1;
    const depth = `s${stage}_depth`;
    return [
      [depth, DEPTHS],
      ...DEPTHS.flatMap((_, index): [string, ChoiceInput][] => {
        const block = `s${stage}_i${index}`;
        const squeezes = fromDepth(['identity', 'se'], depth, DEPTHS, index);
        return [
          [`${block}_exp`, fromDepth(RATIOS, depth, DEPTHS, index)],
          [`${block}_ks`, fromDepth(KERNELS, depth, DEPTHS, index)],
          ...(squeeze ? [[`${block}_se`, squeezes] as [string, ChoiceInput]] : []),
        ];
      }),
    ];
  });
  return [...widths, ['stem_ks', [3, 5]], ['s0_i0_ks', KERNELS], ...blocks];
}

/** What depends together: widths of a block's input and output, and what of the block depends on its inner channels. */
function terms(): string[][] {
  const width = (stage: number): string => `s${stage}_width_mult`;
  const found = [[width(0)], [width(0), 'stem_ks'], [width(0), 's0_i0_ks']];
  for (const [at, { squeeze }] of STAGES.entries()) {
    const stage = at + 1;
    found.push([width(stage)], [width(at), width(stage)]);
    found.push([`s${stage}_depth`], [width(stage), `s${stage}_depth`]);
    for (const index of upTo(Math.max(...DEPTHS))) {
      const [exp, ks, se] = ['exp', 'ks', 'se'].map((what) => `s${stage}_i${index}_${what}`) as [
        string,
        string,
        string,
      ];
      const before = width(index === 0 ? at : stage);
      found.push([before, exp, ks]);
      if (index === 0) found.push([before, width(stage), exp]);
      if (squeeze) found.push([before, exp, se]);
    }
  }
  const last = STAGES.length;
  found.push([width(last + 1)], [width(last), width(last + 1)]);
  found.push([width(last + 2)], [width(last + 1), width(last + 2)]);
  return found;
}

/** The largest space of TuNAS (Bender et al., arXiv:2008.06120), as NNI's MobileNetV3Space. */
export const mobilenetv3 = defineSpace({
  name: 'mobilenetv3',
  input: [1, 3, 224, 224],
  choices: choices(),
  terms: terms(),
  build(sample, builder, input) {
    const ends = new BlockLayers(builder, 'ends');
    const width = (base: number, stage: number): number =>
      makeDivisible(base * numberOf(sample, `s${stage}_width_mult`));
    let x = ends.convBn(builder.input('input', input), width(STEM, 0), {
      ...{ kernel: numberOf(sample, 'stem_ks'), stride: 2, activation: 'hswish' },
    });
    const first = { kernel: numberOf(sample, 's0_i0_ks'), activation: 'relu' } as const;
    const separable = new BlockLayers(builder, 's0_i0');
    x = separable.convBn(separable.depthwise(x, first.kernel, first), width(FIRST, 0));
    for (const [at, stage] of STAGES.entries()) {
      const channels = width(stage.channels, at + 1);
      for (const index of upTo(numberOf(sample, `s${at + 1}_depth`)))
        x = block(x, { ...stage, channels, index, number: at + 1 }, sample, ends);
    }
    const last = STAGES.length;
    x = ends.convBn(x, width(EXPANDED, last + 1), { activation: 'hswish' });
    x = builder.gap(x, { name: ends.name('gap') });
    x = builder.conv(x, width(HEAD, last + 2), { name: ends.name('conv') });
    x = builder.flatten(ends.activate(x, 'hswish'), { name: ends.name('flatten') });
    return builder.build(builder.fc(x, 1000, { name: ends.name('fc') }));
  },
});

function block(
  x: ShapedTensor,
  stage: Omit<(typeof STAGES)[number], 'channels'> & {
    readonly channels: number;
    readonly index: number;
    readonly number: number;
  },
  sample: Sample,
  { builder }: BlockLayers,
): ShapedTensor {
  const { channels, index, number, activation, squeeze } = stage;
  const name = `s${number}_i${index}`;
  const hidden = makeDivisible(x.shape[1]! * numberOf(sample, `${name}_exp`));
  const squeezes = squeeze && nameOf(sample, `${name}_se`) === 'se';
  return invertedResidual(new BlockLayers(builder, name), x, {
    ...{ channels, hidden, activation },
    kernel: numberOf(sample, `${name}_ks`),
    stride: index === 0 ? stage.stride : 1,
    residual: index > 0,
    ...(squeezes && { squeezed: makeDivisible(hidden * 0.25) }),
  });
}
