import type { ShapedTensor } from '@nnmeter/ir';
import type { Sample } from '../choices.ts';
import { type ChoiceInput, defineSpace } from '../space.ts';
import { BlockLayers } from './layers.ts';
import { nameOf, upTo } from './sample-values.ts';

const STEM = 16;
const CELLS_PER_STAGE = 5;
const CLASSES = 10;
const OPERATIONS = ['none', 'skip_connect', 'conv_1x1', 'conv_3x3', 'avg_pool_3x3'];
/** From and to which of the four tensors of a cell, in NNI's order. */
export const NASBENCH201_EDGES = [
  [0, 1],
  [0, 2],
  [1, 2],
  [0, 3],
  [1, 3],
  [2, 3],
] as const;
const LAST = 3;

function labelOf([from, to]: readonly [number, number]): string {
  return `cell/${from}_${to}`;
}

/** Edges that come from nothing or lead nowhere are not run: as good as none. */
function canonical(sample: Sample): Sample {
  const has = (edge: readonly [number, number]): boolean =>
    nameOf(sample, labelOf(edge)) !== 'none';
  const comes = upTo(LAST + 1).map((tensor) => tensor === 0);
  for (const [from, to] of NASBENCH201_EDGES) if (comes[from] && has([from, to])) comes[to] = true;
  const leads = upTo(LAST + 1).map((tensor) => tensor === LAST);
  for (const [from, to] of [...NASBENCH201_EDGES].reverse())
    if (leads[to] && has([from, to])) leads[from] = true;
  return Object.fromEntries(
    NASBENCH201_EDGES.map((edge) => {
      const isRun = comes[edge[0]] && leads[edge[1]];
      return [labelOf(edge), isRun ? nameOf(sample, labelOf(edge)) : 'none'];
    }),
  );
}

/**
 * NAS-Bench-201 (Dong and Yang, arXiv:2001.00326) with NNI's labels: one cell of six edges, 15 times. Networks are those
 * that a converter leaves: edges that lead nowhere are not in them.
 */
export const nasbench201 = defineSpace({
  name: 'nasbench201',
  input: [1, 3, 32, 32],
  choices: NASBENCH201_EDGES.map((edge): [string, ChoiceInput] => [labelOf(edge), OPERATIONS]),
  canonical,
  build(sample, builder, input) {
    const ends = new BlockLayers(builder, 'ends');
    let x = ends.convBn(builder.input('input', input), STEM, { kernel: 3 });
    const run = canonical(sample);
    for (const [stage, channels] of [STEM, 2 * STEM, 4 * STEM].entries()) {
      if (stage > 0) x = reduction(x, channels, new BlockLayers(builder, `reduction${stage}`));
      for (const index of upTo(CELLS_PER_STAGE))
        x = cell(x, run, new BlockLayers(builder, `cell${stage}_${index}`));
    }
    x = ends.activate(builder.bn(x, { name: ends.name('bn') }), 'relu');
    return builder.build(ends.classify(x, CLASSES));
  },
});

function cell(x: ShapedTensor, sample: Sample, layers: BlockLayers): ShapedTensor {
  const tensors: (ShapedTensor | undefined)[] = [x];
  for (const [from, to] of NASBENCH201_EDGES) {
    const source = tensors[from];
    const result = source && edge(source, nameOf(sample, labelOf([from, to])), layers);
    if (result === undefined) continue;
    const sum = tensors[to];
    tensors[to] = sum === undefined ? result : layers.add(sum, result);
  }
  // NNI's Zero.
  return tensors[LAST] ?? layers.builder.mul(x, 0, { name: layers.name('mul') });
}

function edge(x: ShapedTensor, operation: string, layers: BlockLayers): ShapedTensor | undefined {
  switch (operation) {
    case 'none':
      return undefined;
    case 'skip_connect':
      return x;
    case 'avg_pool_3x3':
      return layers.builder.avgpool(x, 3, { padding: 1, name: layers.name('avgpool') });
    default:
      return reluConvBn(x, x.shape[1]!, operation === 'conv_1x1' ? 1 : 3, 1, layers);
  }
}

function reluConvBn(
  x: ShapedTensor,
  channels: number,
  kernel: number,
  stride: number,
  layers: BlockLayers,
): ShapedTensor {
  return layers.convBn(layers.activate(x, 'relu'), channels, { kernel, stride });
}

/** The residual block that halves the image. */
function reduction(x: ShapedTensor, channels: number, layers: BlockLayers): ShapedTensor {
  const { builder } = layers;
  const main = reluConvBn(reluConvBn(x, channels, 3, 2, layers), channels, 3, 1, layers);
  const pooled = builder.avgpool(x, 2, { stride: 2, name: layers.name('avgpool') });
  const shortcut = builder.conv(pooled, channels, { bias: false, name: layers.name('conv') });
  return layers.add(shortcut, main);
}
