import { type Attributes, optional, stated } from './attribute.ts';
import { type AxesRole, type CostKind, likeFirst, row } from './row.ts';

const normalization = <const A extends Attributes>(
  onnx: readonly [string, number],
  operands: readonly [number, number],
  axes: AxesRole,
  attributes: A,
  cost: CostKind = 'normalization',
) => row<A>({ onnx, attributes, operands, shapes: likeFirst, macs: 'none', cost, axes });

const epsilon = { epsilon: optional('real') };
const axis = { axis: optional('axis') };

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
  bn: normalization(['BatchNormalization', 1], [1, 5], 'image', epsilon, 'bn'),
  layernorm: normalization(['LayerNormalization', 17], [1, 5], 'kept', { ...axis, ...epsilon }),
  groupnorm: normalization(['GroupNormalization', 21], [1, 3], 'image', {
    groups: optional('integer', { onnx: 'num_groups' }),
    ...epsilon,
  }),
  instancenorm: normalization(['InstanceNormalization', 1], [1, 3], 'image', epsilon),
  rmsnorm: normalization(['RMSNormalization', 23], [1, 4], 'kept', { ...axis, ...epsilon }),
  lrn: normalization(['LRN', 1], [1, 1], 'image', {}),
  l2norm: normalization(['LpNormalization', 1], [1, 1], 'kept', axis),
  softmax: overAxis('Softmax'),
  logsoftmax: overAxis('LogSoftmax'),
};
