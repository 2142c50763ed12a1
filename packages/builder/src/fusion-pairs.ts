import { type Graph, GraphBuilder, type ShapedTensor } from '@nnmeter/ir';
import { idOf, type PlannedModel } from './planned-model.ts';

type Layer = (builder: GraphBuilder, x: ShapedTensor) => ShapedTensor;

/** Two layers that a runtime may run as one. */
export interface FusionPair {
  readonly rule: string;
  readonly first: Layer;
  readonly second: Layer;
}

/** ms of several measurements of the two layers alone, and of both. */
export interface PairTimes {
  readonly first: readonly number[];
  readonly second: readonly number[];
  readonly both: readonly number[];
}

const CHANNELS = 32;
const SIDE = 56;
/** The pair follows itself so many times: what a layer costs stands out from what a model costs. */
const REPEATS = 4;

const FIRST: Readonly<Record<string, Layer>> = {
  conv: (builder, x) => builder.conv(x, CHANNELS, { kernel: 3, padding: 'same' }),
  dwconv: (builder, x) => builder.dwconv(x, { kernel: 3, padding: 'same' }),
  add: (builder, x) => builder.add(x, x),
  bn: (builder, x) => builder.bn(x),
};

const SECOND: Readonly<Record<string, Layer>> = {
  relu: (builder, x) => builder.relu(x),
  bn: (builder, x) => builder.bn(x),
  add: (builder, x) => builder.add(x, x),
  hswish: (builder, x) => builder.unary('hswish', x),
  swish: (builder, x) => builder.unary('swish', x),
};

/** The pairs that networks are made of, those that matter most first. */
export const FUSION_PAIRS: readonly FusionPair[] = [
  ...['conv_relu', 'dwconv_relu', 'conv_bn', 'dwconv_bn', 'add_relu', 'bn_relu'],
  ...['conv_hswish', 'dwconv_hswish', 'conv_swish', 'dwconv_swish', 'conv_add', 'dwconv_add'],
].map((pair) => {
  const [first, second] = pair.split('_') as [string, string];
  return { rule: `BF_${pair}`, first: FIRST[first]!, second: SECOND[second]! };
});

const PARTS = ['first', 'second', 'both'] as const;

/** The three models of a pair. */
export function pairModels({
  rule,
  first,
  second,
}: FusionPair): Record<keyof PairTimes, PlannedModel> {
  const layers: Record<keyof PairTimes, readonly Layer[]> = {
    first: [first],
    second: [second],
    both: [first, second],
  };
  const models = PARTS.map((part): [keyof PairTimes, PlannedModel] => {
    const family = `pair-${part}-${rule}`;
    const id = idOf(family, { CHANNELS, SIDE, REPEATS });
    return [part, { id, family, isKernel: true, graph: () => buildChain(id, layers[part]) }];
  });
  return Object.fromEntries(models) as Record<keyof PairTimes, PlannedModel>;
}

function buildChain(name: string, layers: readonly Layer[]): Graph {
  const builder = new GraphBuilder(name);
  let x = builder.input('image', [1, CHANNELS, SIDE, SIDE]);
  for (let repeat = 0; repeat < REPEATS; repeat++)
    for (const layer of layers) x = layer(builder, x);
  return builder.build(x);
}

/**
 * The share of the second layer's time that is saved when both run together, after nn-Meter's test for fusion (Zhang et
 * al., MobiSys 2021, section 4.2): T(first) + T(second) - T(both), divided by the lesser of the two alone.
 * @returns the share, and its standard error by the spread of the measurements
 */
export function pairGain({ first, second, both }: PairTimes): { gain: number; error: number } {
  const least = (times: readonly number[]): number => Math.min(...times);
  const smaller = Math.min(least(first), least(second));
  const variance = [first, second, both]
    .map((times) => (Math.max(...times) - least(times)) ** 2 / times.length)
    .reduce((sum, each) => sum + each, 0);
  return {
    gain: (least(first) + least(second) - least(both)) / smaller,
    error: Math.sqrt(variance) / smaller,
  };
}
