import type { Rule } from '../call.ts';
import type { Row } from './row.ts';

/** With its statistics; what trains on the batch's own is no batch normalisation at inference. */
const batchNormalization: Rule = (call) => {
  const [mean, variance] = [call.optional('running_mean'), call.optional('running_var')];
  if (call.flag('training') || mean === undefined || variance === undefined) return call.custom();
  const operands = [call.tensor('input'), call.optional('weight'), call.optional('bias')];
  call.finish('bn', epsilon(call), [...operands, mean, variance]);
};

const epsilon = (call: Parameters<Rule>[0]) => {
  const value = call.number('eps') ?? call.number('epsilon');
  return value === undefined ? {} : { epsilon: value };
};

/** Over the last axes: as many as the normalised shape has. */
const overLastAxes =
  (op: 'layernorm' | 'rmsnorm'): Rule =>
  (call) => {
    const axis = call.shape('input').length - (call.integers('normalized_shape')?.length ?? 1);
    call.finish(op, { axis, ...epsilon(call) }, [
      call.tensor('input'),
      call.optional('weight'),
      call.optional('bias'),
    ]);
  };

const groupNormalization: Rule = (call) => {
  const groups = call.integer(call.has('num_groups') ? 'num_groups' : 'group');
  const operands = [call.tensor('input'), call.optional('weight'), call.optional('bias')];
  call.finish('groupnorm', { groups, ...epsilon(call) }, operands);
};

const instanceNormalization: Rule = (call) =>
  call.finish('instancenorm', epsilon(call), [
    call.tensor('input'),
    call.optional('weight'),
    call.optional('bias'),
  ]);

const overAxis =
  (op: 'softmax' | 'logsoftmax'): Rule =>
  (call) => {
    const axis = call.axis('dim', call.shape('self').length);
    call.finish(op, { axis }, [call.tensor('self')]);
  };

const STATISTICS = 'input, weight, bias, running_mean, running_var';

export const normalizationRows: readonly Row[] = [
  [`batch_norm(${STATISTICS}, training, momentum, eps, cudnn_enabled)`, batchNormalization],
  [`_native_batch_norm_legit_no_training(${STATISTICS}, momentum, eps)`, batchNormalization],
  [`_native_batch_norm_legit(${STATISTICS}, training, momentum, eps)`, batchNormalization],
  [`native_batch_norm(${STATISTICS}, training, momentum, eps)`, batchNormalization],
  [`_batch_norm_no_update(${STATISTICS}, momentum, eps)`, batchNormalization],
  [
    `cudnn_batch_norm(${STATISTICS}, training, exponential_average_factor, epsilon)`,
    batchNormalization,
  ],
  [
    'layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05, cudnn_enable=True)',
    overLastAxes('layernorm'),
  ],
  ['native_layer_norm(input, normalized_shape, weight, bias, eps)', overLastAxes('layernorm')],
  ['rms_norm(input, normalized_shape, weight=None, eps=None)', overLastAxes('rmsnorm')],
  ['_fused_rms_norm(input, normalized_shape, weight, eps)', overLastAxes('rmsnorm')],
  [
    'group_norm(input, num_groups, weight=None, bias=None, eps=1e-05, cudnn_enabled=True)',
    groupNormalization,
  ],
  ['native_group_norm(input, weight, bias, N, C, HxW, group, eps)', groupNormalization],
  [
    'instance_norm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, cudnn_enabled)',
    instanceNormalization,
  ],
  ['softmax(self, dim, dtype=None)', overAxis('softmax')],
  ['_softmax(self, dim, half_to_float)', overAxis('softmax')],
  ['_safe_softmax(self, dim, dtype=None)', overAxis('softmax')],
  ['log_softmax(self, dim, dtype=None)', overAxis('logsoftmax')],
  ['_log_softmax(self, dim, half_to_float)', overAxis('logsoftmax')],
];
