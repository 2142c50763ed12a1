import { type Graph, GraphBuilder, type ShapedTensor } from '@nnmeter/ir';
import { idOf, type PlannedModel } from './planned-model.ts';

type Layer = (builder: GraphBuilder, x: ShapedTensor) => ShapedTensor;

/** Two layers that a runtime may run as one. */
export interface FusionPair {
  readonly rule: string;
  readonly first: Layer;
  readonly second: Layer;
}

/** ms of several measurements of the two layers alone, of both, and of next to nothing. */
export interface PairTimes {
  readonly first: readonly number[];
  readonly second: readonly number[];
  readonly both: readonly number[];
  /** What a run takes besides its layers. */
  readonly nothing: readonly number[];
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

/** The models of a pair; pairs share those of their layers. */
export function pairModels({
  rule,
  first,
  second,
}: FusionPair): Readonly<Record<keyof PairTimes, PlannedModel>> {
  const [, firstOp, secondOp] = rule.split('_') as [string, string, string];
  return {
    first: chain([firstOp], [first]),
    second: chain([secondOp], [second]),
    both: chain([firstOp, secondOp], [first, second]),
    nothing: chain(['nothing'], [SECOND.relu!], 1),
  };
}

function chain(ops: readonly string[], layers: readonly Layer[], side = SIDE): PlannedModel {
  const family = `pair-${ops.join('-')}`;
  const id = idOf(family, { CHANNELS, side, REPEATS });
  return { id, family, isKernel: true, graph: () => buildChain(id, layers, side) };
}

function buildChain(name: string, layers: readonly Layer[], side: number): Graph {
  const builder = new GraphBuilder(name);
  let x = builder.input('image', [1, CHANNELS, side, side]);
  for (let repeat = 0; repeat < REPEATS; repeat++)
    for (const layer of layers) x = layer(builder, x);
  return builder.build(x);
}

/**
 * The share of the lesser of two layers' time that is saved when both run together, after nn-Meter's test for fusion
 * (Zhang et al., MobiSys 2021): T(first) + T(second) - T(both), all without what a run takes besides.
 * @returns the share, and its standard error by the spread of the measurements
 */
export function pairGain({ first, second, both, nothing }: PairTimes): {
  gain: number;
  error: number;
} {
  const least = (times: readonly number[]): number => Math.min(...times);
  const without = (times: readonly number[]): number => Math.max(0, least(times) - least(nothing));
  const smaller = Math.min(without(first), without(second));
  const variance = [first, second, both]
    .map((times) => (Math.max(...times) - least(times)) ** 2 / times.length)
    .reduce((sum, each) => sum + each, 0);
  if (smaller === 0) return { gain: 0, error: Number.POSITIVE_INFINITY };
  return {
    gain: (without(first) + without(second) - without(both)) / smaller,
    error: Math.sqrt(variance) / smaller,
  };
}
