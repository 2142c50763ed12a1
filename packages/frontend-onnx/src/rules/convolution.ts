import {
  type DataType,
  type Layout,
  NnMeterError,
  type OpAttributes,
  type Shape,
  transposedWindowExtent,
} from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { type Computation, computation, type Row, type Rule } from '../outcome.ts';
import { perAxis, readWindow, spatialRank, windowShape } from './windows.ts';

const WEIGHT_LAYOUTS: Readonly<Record<number, Layout>> = { 3: 'OIW', 4: 'OIHW', 5: 'OIDHW' };

/** Where the operands of a convolution are among a node's inputs. */
interface Operands {
  readonly weight: number;
  readonly inputs: readonly number[];
  readonly dataType?: (call: Call) => DataType;
}

function convolution(operands: Operands): Rule {
  return (call) => {
    const input = call.shape(0);
    const weight = call.shape(operands.weight);
    const group = readGroup(call, input, weight, 1);
    const { ceilMode: _, ...window } = readWindow(call, input, kernelShape(call, weight));
    const spatial = windowShape(input.slice(2), { ...window, ceilMode: false });
    return convolved(call, operands, { ...window, group }, [input[0]!, weight[0]!, ...spatial]);
  };
}

function convolved(
  call: Call,
  operands: Operands,
  attributes: OpAttributes['conv'],
  output: Shape,
): Computation {
  const { group } = attributes;
  const layout = WEIGHT_LAYOUTS[output.length];
  return computation(
    group > 1 && group === call.shape(0)[1] ? 'dwconv' : 'conv',
    attributes,
    [output],
    {
      dataTypes: [operands.dataType?.(call)],
      inputs: operands.inputs,
      weight: layout && [operands.weight, layout],
    },
  );
}

function kernelShape(call: Call, weight: Shape): readonly number[] {
  const kernel = call.ints('kernel_shape');
  return kernel === undefined || kernel.length === 0 ? weight.slice(2) : kernel;
}

/** Checks that the weight's channels (on the axis given) belong to the input's and returns the number of groups. */
function readGroup(call: Call, input: Shape, weight: Shape, channelAxis: 0 | 1): number {
  const group = call.int('group', 1);
  const channels = channelAxis === 1 ? weight[1]! * group : weight[0];
  if (weight.length !== input.length || group < 1 || channels !== input[1]) {
    throw new NnMeterError(
      'E_SHAPE',
      `a weight of shape [${weight.join(', ')}] in ${group} group(s) does not fit an input of shape [${input.join(', ')}]`,
    );
  }
  return group;
}

/** Output extents follow from the pads, or the pads from `output_shape` or `auto_pad`. */
const convTranspose: Rule = (call) => {
  const input = call.shape(0);
  const weight = call.shape(1);
  const rank = spatialRank(input);
  const group = readGroup(call, input, weight, 0);
  const kernel = kernelShape(call, weight);
  const strides = perAxis(call, 'strides', rank, 1);
  const dilations = perAxis(call, 'dilations', rank, 1);
  const outputPadding = perAxis(call, 'output_padding', rank, 0);
  const unpadded = input.slice(2).map((extent, axis) =>
    transposedWindowExtent(extent, {
      kernel: kernel[axis] ?? 1,
      stride: strides[axis]!,
      dilation: dilations[axis]!,
      padBegin: 0,
      padEnd: 0,
      outputPadding: outputPadding[axis]!,
    }),
  );
  const { pads, spatial } = transposedPads(call, input.slice(2), unpadded, strides);
  const attributes: OpAttributes['convtranspose'] = {
    ...{ kernelShape: kernel, strides, dilations, group, outputPadding, pads },
  };
  return computation('convtranspose', attributes, [[input[0]!, weight[1]! * group, ...spatial]]);
};

function transposedPads(
  call: Call,
  input: Shape,
  unpadded: Shape,
  strides: readonly number[],
): { pads: readonly number[]; spatial: Shape } {
  const rank = input.length;
  const mode = call.string('auto_pad', 'NOTSET');
  const given = call.ints('output_shape')?.slice(-rank);
  const target =
    given ??
    (mode.startsWith('SAME') ? input.map((extent, axis) => extent * strides[axis]!) : undefined);
  if (target === undefined) {
    const pads =
      mode === 'VALID' ? new Array<number>(2 * rank).fill(0) : perAxis(call, 'pads', 2 * rank, 0);
    const spatial = unpadded.map((extent, axis) => extent - pads[axis]! - pads[rank + axis]!);
    if (spatial.some((extent) => extent < 0)) {
      throw new NnMeterError('E_SHAPE', `pads [${pads.join(', ')}] leave nothing of the output`);
    }
    return { pads, spatial };
  }
  const totals = unpadded.map((extent, axis) => Math.max(0, extent - target[axis]!));
  const halves = totals.map((total) => Math.floor(total / 2));
  const rests = totals.map((total, axis) => total - halves[axis]!);
  const pads = mode === 'SAME_UPPER' ? [...halves, ...rests] : [...rests, ...halves];
  return { pads, spatial: target };
}

/** The offset and mask inputs decide where is sampled; the window is that of a convolution. */
const deformConv: Rule = (call) => {
  const input = call.shape(0);
  const weight = call.shape(1);
  const group = readGroup(call, input, weight, 1);
  const window = readWindow(call, input, kernelShape(call, weight));
  const { kernelShape: kernel, strides, pads, dilations } = window;
  return computation('custom', { kernelShape: kernel, strides, pads, dilations, group }, [
    [input[0]!, weight[0]!, ...windowShape(input.slice(2), window)],
  ]);
};

export const convolutionRows: readonly Row[] = [
  ['Conv', '', 1, convolution({ weight: 1, inputs: [0, 1, 2] })],
  ['ConvInteger', '', 10, convolution({ weight: 1, inputs: [0, 1], dataType: () => 'int32' })],
  [
    'QLinearConv',
    '',
    10,
    convolution({ weight: 3, inputs: [0, 3, 8], dataType: (call) => call.dataType(7) }),
  ],
  ['FusedConv', 'com.microsoft', 1, convolution({ weight: 1, inputs: [0, 1, 2, 3] })],
  ['ConvTranspose', '', 1, convTranspose],
  ['DeformConv', '', 19, deformConv],
];
