import type { Op, OpAttributes, Shape } from '@nnmeter/ir';
import { computation, type Row, type Rule } from '../outcome.ts';
import { readWindow, spatialRank, windowShape } from './windows.ts';

type PoolOp = Extract<Op, 'maxpool' | 'avgpool' | 'lppool'>;
type GlobalPoolOp = Extract<Op, 'gap' | 'globalmaxpool'>;

function pooling(op: PoolOp, inputs?: readonly number[], outputType?: number): Rule {
  return (call) => {
    const input = call.shape(0);
    const window = readWindow(call, input, call.requireInts('kernel_shape'));
    const output = [input[0]!, input[1]!, ...windowShape(input.slice(2), window)];
    return computation(op, window, [output, output], {
      dataTypes: [outputType === undefined ? undefined : call.dataType(outputType), 'int64'],
      inputs,
    });
  };
}

/** Spatial extents become 1. */
function pooledAway(input: Shape): Shape {
  return [input[0]!, input[1]!, ...new Array<number>(spatialRank(input)).fill(1)];
}

function globalPooling(op: GlobalPoolOp, inputs?: readonly number[]): Rule {
  return (call) => {
    const input = call.shape(0);
    const axes = input.map((_, axis) => axis).slice(2);
    return computation(op, { axes, keepDims: true }, [pooledAway(input)], { inputs });
  };
}

const globalLpPool: Rule = (call) => {
  const input = call.shape(0);
  const attributes: OpAttributes['reducel2'] = {
    axes: input.map((_, axis) => axis).slice(2),
    keepDims: true,
  };
  return computation('reducel2', attributes, [pooledAway(input)]);
};

/** The inverse of MaxPool, or as large as its third input says. */
const maxUnpool: Rule = (call) => {
  const input = call.shape(0);
  if (call.has(2)) return computation('custom', {}, [call.values(2)]);
  const window = readWindow(call, input, call.requireInts('kernel_shape'));
  const { kernelShape, strides, pads } = window;
  const rank = spatialRank(input);
  const spatial = input
    .slice(2)
    .map(
      (extent, axis) =>
        (extent - 1) * strides[axis]! + kernelShape[axis]! - pads[axis]! - pads[rank + axis]!,
    );
  return computation('custom', { kernelShape, strides, pads }, [
    [input[0]!, input[1]!, ...spatial],
  ]);
};

const roiAlign: Rule = (call) => {
  const height = call.int('output_height', 1);
  const width = call.int('output_width', 1);
  const output = [call.shape(1)[0]!, call.shape(0)[1]!, height, width];
  return computation('custom', { mode: call.string('mode', 'avg') }, [output]);
};

const maxRoiPool: Rule = (call) => {
  const pooled = call.requireInts('pooled_shape');
  return computation('custom', {}, [[call.shape(1)[0]!, call.shape(0)[1]!, ...pooled]]);
};

const QUANTIZED = 'com.microsoft';

export const poolingRows: readonly Row[] = [
  ['MaxPool', '', 1, pooling('maxpool')],
  ['AveragePool', '', 1, pooling('avgpool')],
  ['LpPool', '', 2, pooling('lppool')],
  ['GlobalAveragePool', '', 1, globalPooling('gap')],
  ['GlobalMaxPool', '', 1, globalPooling('globalmaxpool')],
  ['GlobalLpPool', '', 2, globalLpPool],
  ['MaxUnpool', '', 9, maxUnpool],
  ['RoiAlign', '', 10, roiAlign],
  ['MaxRoiPool', '', 1, maxRoiPool],
  ['QLinearAveragePool', QUANTIZED, 1, pooling('avgpool', [0])],
  ['QLinearGlobalAveragePool', QUANTIZED, 1, globalPooling('gap', [0])],
];
