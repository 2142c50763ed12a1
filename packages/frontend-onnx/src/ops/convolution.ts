import {
  type DataType,
  type Layout,
  type OpAttributes,
  type Shape,
  transposedWindowExtent,
} from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { type Computation, computation, type Row, type Rule, shaped } from '../outcome.ts';
import { settleShapes } from '../settle-shapes.ts';
import { perAxis, readWindow, spatialRank } from './windows.ts';

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
    const { ceilMode: _, ...window } = readWindow(call, input, kernelShape(call, operands.weight));
    const group = call.int('group', 1);
    const layout = WEIGHT_LAYOUTS[input.length];
    return computation(
      group > 1 && group === input[1] ? 'dwconv' : 'conv',
      { ...window, group },
      {
        dataTypes: [operands.dataType?.(call)],
        inputs: operands.inputs,
        weight: layout && [operands.weight, layout],
      },
    );
  };
}

function kernelShape(call: Call, weight: number): readonly number[] {
  const kernel = call.ints('kernel_shape');
  return kernel === undefined || kernel.length === 0 ? call.shape(weight).slice(2) : kernel;
}

/** Output extents follow from the pads, or the pads from `output_shape` or `auto_pad`. */
const convTranspose: Rule = (call) => {
  const input = call.shape(0);
  const rank = spatialRank(input);
  const window = {
    kernelShape: kernelShape(call, 1),
    strides: perAxis(call, 'strides', rank, 1),
    dilations: perAxis(call, 'dilations', rank, 1),
    group: call.int('group', 1),
  };
  const outputPadding = perAxis(call, 'output_padding', rank, 0);
  const layout = WEIGHT_LAYOUTS[input.length];
  return computation(
    'convtranspose',
    { ...window, ...transposedPads(call, input.slice(2), { ...window, outputPadding }) },
    { weight: layout && [1, layout] },
  );
};

/** Pads as stated, or such that the output has the extents wanted; what it has too few is padded at its end. */
function transposedPads(
  call: Call,
  input: Shape,
  window: Pick<
    OpAttributes['convtranspose'],
    'kernelShape' | 'strides' | 'dilations' | 'outputPadding'
  >,
): Pick<OpAttributes['convtranspose'], 'pads' | 'outputPadding'> {
  const rank = input.length;
  const { strides, outputPadding } = window;
  const mode = call.string('auto_pad', 'NOTSET');
  const target =
    call.ints('output_shape')?.slice(-rank) ??
    (mode.startsWith('SAME') ? input.map((extent, axis) => extent * strides[axis]!) : undefined);
  if (target === undefined) {
    const pads =
      mode === 'VALID' ? new Array<number>(2 * rank).fill(0) : perAxis(call, 'pads', 2 * rank, 0);
    return { pads, outputPadding };
  }
  const surplus = input.map((extent, axis) => {
    const unpadded = transposedWindowExtent(extent, {
      kernel: window.kernelShape[axis] ?? 1,
      stride: strides[axis]!,
      dilation: window.dilations[axis]!,
      padBegin: 0,
      padEnd: 0,
      outputPadding: outputPadding[axis]!,
    });
    return unpadded - target[axis]!;
  });
  const halves = surplus.map((total) => Math.floor(Math.max(0, total) / 2));
  const rests = surplus.map((total, axis) => Math.max(0, total) - halves[axis]!);
  return {
    pads: mode === 'SAME_UPPER' ? [...halves, ...rests] : [...rests, ...halves],
    outputPadding: outputPadding.map((extent, axis) => extent + Math.max(0, -surplus[axis]!)),
  };
}

/** The offset and mask inputs decide where is sampled; the window, and so the output, is that of a convolution. */
const deformConv: Rule = (call) => {
  const { attributes, ...rest } = convolution({ weight: 1, inputs: [0, 1] })(call) as Computation;
  const settled = settleShapes({ ...rest, attributes }, call);
  return shaped('custom', attributes as OpAttributes['custom'], settled.shapes);
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
