import { normalizeAxis, type Op, type OpAttributes, type Shape } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { computation, type Row, type Rule, shaped } from '../outcome.ts';

type NormalizationOp = Extract<
  Op,
  'bn' | 'layernorm' | 'groupnorm' | 'instancenorm' | 'rmsnorm' | 'lrn' | 'l2norm'
>;

/** Keeps the input's shape; further outputs (statistics) have shapes of their own. */
function normalization<O extends NormalizationOp>(
  op: O,
  attributes: (call: Call) => OpAttributes[O],
  statistics?: (call: Call, input: Shape) => readonly (Shape | undefined)[],
): Rule {
  return (call) =>
    computation(op, attributes(call), {
      further: statistics && ((input) => statistics(call, input)),
    });
}

const epsilon = (call: Call): OpAttributes['bn'] => ({
  epsilon: call.float('epsilon', 1e-5),
});

/** In training mode also the running mean and variance are outputs. */
function channelStatistics(_call: Call, input: Shape): readonly Shape[] {
  const channels = input.slice(1, 2);
  return [channels, channels, channels, channels];
}

/** Mean and inverse deviation: the normalised axes become 1. */
function layerStatistics(call: Call, input: Shape): readonly Shape[] {
  const axis = call.axis(input.length, -1);
  const shape = input.map((extent, index) => (index < axis ? extent : 1));
  return [shape, shape];
}

function lastAxis(op: 'layernorm' | 'rmsnorm'): Rule {
  return normalization(op, (call) => ({ ...axisOf(call), ...epsilon(call) }), layerStatistics);
}

/** The axis, counted from the front where the rank is known. */
function axisOf(call: Call): { readonly axis: number } {
  const axis = call.int('axis', -1);
  const rank = call.input(0).shape?.length;
  return { axis: rank === undefined ? axis : normalizeAxis(axis, rank) };
}

/** ONNX Runtime's residual sum and normalisation in one; the fourth output is the sum. */
const skipLayerNormalization: Rule = (call) => {
  const input = call.shape(0);
  const op = call.type.includes('Simplified') ? 'rmsnorm' : 'layernorm';
  const attributes = { axis: input.length - 1, epsilon: call.float('epsilon', 1e-12) };
  return computation(op, attributes, { further: (sum) => [undefined, undefined, sum] });
};

function softmax(op: 'softmax' | 'logsoftmax', axis: number): Rule {
  return (call) => computation(op, { axis: call.axis(call.shape(0).length, axis) });
}

const hardmax: Rule = (call) => shaped('custom', {}, [call.input(0).shape]);

export const normalizationRows: readonly Row[] = [
  ['BatchNormalization', '', 1, normalization('bn', epsilon, channelStatistics)],
  ['InstanceNormalization', '', 1, normalization('instancenorm', epsilon)],
  [
    'GroupNormalization',
    '',
    18,
    normalization('groupnorm', (call) => ({
      groups: call.requireInt('num_groups'),
      ...epsilon(call),
    })),
  ],
  ['LayerNormalization', '', 1, lastAxis('layernorm')],
  ['RMSNormalization', '', 1, lastAxis('rmsnorm')],
  ['SimplifiedLayerNormalization', '', 1, lastAxis('rmsnorm')],
  ['SkipLayerNormalization', 'com.microsoft', 1, skipLayerNormalization],
  ['SkipSimplifiedLayerNormalization', 'com.microsoft', 1, skipLayerNormalization],
  ['LRN', '', 1, normalization('lrn', () => ({}))],
  ['LpNormalization', '', 1, normalization('l2norm', axisOf)],
  ['MeanVarianceNormalization', '', 9, normalization('instancenorm', () => ({}))],
  ['Softmax', '', 1, softmax('softmax', 1)],
  ['Softmax', '', 13, softmax('softmax', -1)],
  ['LogSoftmax', '', 1, softmax('logsoftmax', 1)],
  ['LogSoftmax', '', 13, softmax('logsoftmax', -1)],
  ['Hardmax', '', 1, hardmax],
];
