import type { Op, Shape } from '@nnmeter/ir';
import { computation, type Row, type Rule, shaped } from '../outcome.ts';
import { readWindow, spatialRank } from './windows.ts';

type PoolOp = Extract<Op, 'maxpool' | 'avgpool' | 'lppool'>;
type GlobalPoolOp = Extract<Op, 'gap' | 'globalmaxpool' | 'reducel2'>;

function pooling(op: PoolOp, inputs?: readonly number[]): Rule {
  return (call) => {
    const window = readWindow(call, call.shape(0), call.requireInts('kernel_shape'));
    const indices = (output: Shape) => [output];
    return computation(op, window, { dataTypes: [undefined, 'int64'], inputs, further: indices });
  };
}

/** Spatial extents become 1. */
function globalPooling(op: GlobalPoolOp, inputs?: readonly number[]): Rule {
  return (call) => {
    const rank = spatialRank(call.shape(0));
    const axes = Array.from({ length: rank }, (_, side) => side + 2);
    return computation(op, { axes, keepDims: true }, { inputs });
  };
}

/** The inverse of MaxPool, or as large as its third input says. */
const maxUnpool: Rule = (call) => {
  const input = call.shape(0);
  if (call.has(2)) return shaped('custom', {}, [call.values(2)]);
  const window = readWindow(call, input, call.requireInts('kernel_shape'));
  const { kernelShape, strides, pads } = window;
  const rank = spatialRank(input);
  const spatial = input
    .slice(2)
    .map(
      (extent, axis) =>
        (extent - 1) * strides[axis]! + kernelShape[axis]! - pads[axis]! - pads[rank + axis]!,
    );
  return shaped('custom', { kernelShape, strides, pads }, [[input[0]!, input[1]!, ...spatial]]);
};

const roiAlign: Rule = (call) => {
  return computation('roialign', {
    mode: call.string('mode', 'avg'),
    height: call.int('output_height', 1),
    width: call.int('output_width', 1),
    samples: call.int('sampling_ratio', 0),
    scale: call.float('spatial_scale', 1),
  });
};

const maxRoiPool: Rule = (call) => {
  const pooled = call.requireInts('pooled_shape');
  return shaped('custom', {}, [[call.shape(1)[0]!, call.shape(0)[1]!, ...pooled]]);
};

const QUANTIZED = 'com.microsoft';

export const poolingRows: readonly Row[] = [
  ['MaxPool', '', 1, pooling('maxpool')],
  ['AveragePool', '', 1, pooling('avgpool')],
  ['LpPool', '', 2, pooling('lppool')],
  ['GlobalAveragePool', '', 1, globalPooling('gap')],
  ['GlobalMaxPool', '', 1, globalPooling('globalmaxpool')],
  ['GlobalLpPool', '', 2, globalPooling('reducel2')],
  ['MaxUnpool', '', 9, maxUnpool],
  ['RoiAlign', '', 10, roiAlign],
  ['MaxRoiPool', '', 1, maxRoiPool],
  ['QLinearAveragePool', QUANTIZED, 1, pooling('avgpool', [0])],
  ['QLinearGlobalAveragePool', QUANTIZED, 1, globalPooling('gap', [0])],
];
