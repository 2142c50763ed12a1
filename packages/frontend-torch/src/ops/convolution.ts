import { type Layout, type OpAttributes, samePads } from '@nnmeter/ir';
import { type Call, type Rule, Unknown } from '../call.ts';
import type { Row } from './row.ts';

const WEIGHT_LAYOUTS: Readonly<Record<number, Layout>> = { 3: 'OIW', 4: 'OIHW', 5: 'OIDHW' };

const convolution: Rule = (call) => convolve(call, call.flag('transposed'));
const transposedConvolution: Rule = (call) => convolve(call, true);

/** On [N, C, ...]; on [C, ...] it is outside the vocabulary. */
function convolve(call: Call, isTransposed: boolean): void {
  const input = call.shape('input');
  const weight = call.shape('weight');
  const axes = weight.length - 2;
  if (input.length !== weight.length) throw new Unknown();
  const group = call.integer('groups');
  const window = {
    kernelShape: weight.slice(2),
    strides: call.perAxis('stride', axes),
    dilations: call.perAxis('dilation', axes),
    group,
  };
  const layout = WEIGHT_LAYOUTS[weight.length];
  const operands = [call.tensor('input'), call.weight('weight', layout), call.optional('bias')];
  const pads = readPads(call, input.slice(2), window);
  if (isTransposed) {
    const outputPadding = call.perAxis('output_padding', axes);
    call.finish('convtranspose', { ...window, pads, outputPadding }, operands);
  } else {
    const op = group > 1 && group === input[1] ? 'dwconv' : 'conv';
    call.finish(op, { ...window, pads }, operands);
  }
}

function readPads(
  call: Call,
  sides: readonly number[],
  window: Pick<OpAttributes['conv'], 'kernelShape' | 'strides' | 'dilations'>,
): readonly number[] {
  const named = call.text('padding');
  if (named === undefined) {
    const pads = call.perAxis('padding', sides.length);
    return [...pads, ...pads];
  }
  if (named !== 'same') return [...sides, ...sides].map(() => 0);
  const pairs = sides.map((extent, axis) =>
    samePads(extent, {
      kernel: window.kernelShape[axis]!,
      stride: window.strides[axis]!,
      dilation: window.dilations[axis]!,
    }),
  );
  return [...pairs.map(([begin]) => begin), ...pairs.map(([, end]) => end)];
}

const ARGUMENTS = 'input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1';
const TRANSPOSED =
  'input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1';

export const convolutionRows: readonly Row[] = [
  ...[1, 2, 3].flatMap((sides): Row[] => [
    [`conv${sides}d(${ARGUMENTS})`, convolution],
    [`conv_transpose${sides}d(${TRANSPOSED})`, transposedConvolution],
  ]),
  [
    'convolution(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups)',
    convolution,
  ],
  [
    '_convolution(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups)',
    convolution,
  ],
];
