import { optional, stated } from './attribute.ts';
import { type AxesRole, type CostKind, likeFirst, row } from './row.ts';

const normalization = (
  onnx: readonly [string, number],
  operands: readonly [number, number],
  axes: AxesRole,
  cost: CostKind = 'normalization',
) =>
  row({
    onnx,
    attributes: {
      axis: optional('axis'),
      epsilon: optional('real'),
      groups: optional('integer', { onnx: 'num_groups' }),
    },
    operands,
    shapes: likeFirst,
    macs: 'none',
    cost,
    axes,
  });

const overAxis = (onnx: string) =>
  row({
    onnx: [onnx, 1],
    attributes: { axis: stated('axis') },
    operands: [1, 1],
    shapes: likeFirst,
    macs: 'none',
    cost: 'softmax',
    axes: 'kept',
  });

export const normalizationOps = {
  bn: normalization(['BatchNormalization', 1], [1, 5], 'image', 'bn'),
  layernorm: normalization(['LayerNormalization', 17], [1, 5], 'kept'),
  groupnorm: normalization(['GroupNormalization', 21], [1, 3], 'image'),
  instancenorm: normalization(['InstanceNormalization', 1], [1, 3], 'image'),
  rmsnorm: normalization(['RMSNormalization', 23], [1, 4], 'kept'),
  lrn: normalization(['LRN', 1], [1, 1], 'image'),
  l2norm: normalization(['LpNormalization', 1], [1, 1], 'kept'),
  softmax: overAxis('Softmax'),
  logsoftmax: overAxis('LogSoftmax'),
};
