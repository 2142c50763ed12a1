import { elementCount, type Shape, samePads } from '@nnmeter/ir';
import { extents, integer, type Operation, type Rule } from '../call.ts';

const WEIGHT_LAYOUTS = { 3: 'OIW', 4: 'OIHW', 5: 'OIDHW' } as const;

/** Conv1d, Conv2d, Conv3d: parameters as of torch.nn, weights after the shapes. */
export const convolution: Rule = ({ parameters, inputs, outputs }) => {
  const [input, output] = [inputs[0], outputs[0]];
  const layout = WEIGHT_LAYOUTS[output?.length as 3 | 4 | 5];
  if (input?.length !== output?.length || !input || !output || !layout) return undefined;
  const axes = input.length - 2;
  const kernelShape = extents(axes, parameters.kernel_size);
  const group = integer(parameters.groups) ?? 1;
  const [channels, filters] = [input[1]!, integer(parameters.out_channels) ?? output[1]!];
  if (kernelShape === undefined || group < 1 || channels % group !== 0) return undefined;
  const strides = extents(axes, parameters.stride) ?? kernelShape.map(() => 1);
  const dilations = extents(axes, parameters.dilation) ?? kernelShape.map(() => 1);
  const padding = extents(axes, parameters.padding) ?? kernelShape.map(() => 0);
  const pads =
    parameters.padding === 'same'
      ? beginsThenEnds(
          kernelShape.map((kernel, axis) =>
            samePads(input[axis + 2]!, {
              kernel,
              stride: strides[axis]!,
              dilation: dilations[axis]!,
            }),
          ),
        )
      : [...padding, ...padding];
  const weight = [filters, channels / group, ...kernelShape];
  return {
    op: group > 1 && group === channels ? 'dwconv' : 'conv',
    attributes: { kernelShape, strides, pads, dilations, group },
    constants: [
      { name: 'weight', shape: weight, layout },
      ...(parameters.bias === false ? [] : [{ name: 'bias', shape: [filters] }]),
    ],
  };
};

/** From begin and end of each axis to all begins, then all ends. */
function beginsThenEnds(pads: readonly (readonly [number, number])[]): number[] {
  return [...pads.map(([begin]) => begin), ...pads.map(([, end]) => end)];
}

/** ConvTranspose1d, ConvTranspose2d, ConvTranspose3d. */
export const transposedConvolution: Rule = (call) => {
  const dense = convolution({ ...call, parameters: { ...call.parameters, groups: 1 } });
  if (dense?.op !== 'conv') return undefined;
  const group = integer(call.parameters.groups) ?? 1;
  const axes = dense.attributes.kernelShape.length;
  const channels = call.inputs[0]![1]!;
  const filters = integer(call.parameters.out_channels) ?? call.outputs[0]![1]!;
  if (group < 1 || channels % group !== 0 || filters % group !== 0) return undefined;
  const outputPadding =
    extents(axes, call.parameters.output_padding) ?? dense.attributes.kernelShape.map(() => 0);
  const shape = [channels, filters / group, ...dense.attributes.kernelShape];
  return {
    op: 'convtranspose',
    attributes: { ...dense.attributes, group, outputPadding },
    constants: [{ ...dense.constants![0]!, shape }, ...dense.constants!.slice(1)],
  };
};

/** MaxPool and AvgPool as modules (parameters) or functions (arguments); one that covers its input is global. */
export function pooling(op: 'maxpool' | 'avgpool'): Rule {
  return ({ parameters, inputs, outputs, arguments: args }) => {
    const [input, output] = [inputs[0], outputs[0]];
    if (!input || input.length !== output?.length || input.length < 3) return undefined;
    const axes = input.length - 2;
    const kernelShape = extents(axes, parameters.kernel_size, args.get(1));
    if (kernelShape === undefined) return undefined;
    const padding = extents(axes, parameters.padding, args.get(3)) ?? kernelShape.map(() => 0);
    const covers = kernelShape.every((extent, axis) => extent === input[axis + 2]);
    if (covers && isPoint(output)) return globalPooling(op, input);
    const ceilMode = parameters.ceil_mode ?? args.get(op === 'maxpool' ? 5 : 4);
    return {
      op,
      attributes: {
        kernelShape,
        strides: extents(axes, parameters.stride, args.get(2)) ?? kernelShape,
        pads: [...padding, ...padding],
        dilations:
          extents(axes, parameters.dilation, op === 'maxpool' ? args.get(4) : undefined) ??
          kernelShape.map(() => 1),
        ceilMode: ceilMode === true || ceilMode === 1,
      },
    };
  };
}

/** AdaptiveAvgPool and AdaptiveMaxPool: the window follows from the shapes. */
export function adaptivePooling(op: 'maxpool' | 'avgpool'): Rule {
  return ({ inputs, outputs }) => {
    const [input, output] = [inputs[0], outputs[0]];
    if (!input || input.length !== output?.length || input.length < 3) return undefined;
    if (elementCount(output) === 0 || elementCount(input) === 0) return undefined;
    if (isPoint(output)) return globalPooling(op, input);
    const sides = input.slice(2);
    const strides = sides.map((side, axis) => Math.max(1, Math.floor(side / output[axis + 2]!)));
    return {
      op,
      attributes: {
        kernelShape: sides.map((side, axis) =>
          Math.max(1, side - (output[axis + 2]! - 1) * strides[axis]!),
        ),
        strides,
        pads: [...sides, ...sides].map(() => 0),
        dilations: sides.map(() => 1),
        ceilMode: false,
      },
    };
  };
}

function isPoint(shape: Shape): boolean {
  return shape.slice(2).every((side) => side === 1);
}

function globalPooling(op: 'maxpool' | 'avgpool', input: Shape): Operation {
  const axes = input.slice(2).map((_, axis) => axis + 2);
  return { op: op === 'avgpool' ? 'gap' : 'globalmaxpool', attributes: { axes, keepDims: true } };
}

/** aten::mean, aten::sum, ...: over the axes that the output lacks; a mean over all spatial axes is a `gap`. */
export function reduction(op: 'reducemean' | 'reducesum' | 'reducemax' | 'reducemin'): Rule {
  return ({ parameters, inputs, outputs, arguments: args }) => {
    const [input, output] = [inputs[0], outputs[0]];
    if (!input || !output) return undefined;
    const given = [parameters.dim, args.get(1)].flat().filter(Number.isSafeInteger) as number[];
    const keepDims = output.length === input.length;
    const axes = (
      given.length > 0
        ? given.map((axis) => (axis < 0 ? axis + input.length : axis))
        : input.map((_, axis) => axis).filter((axis) => !keepDims || output[axis] !== input[axis])
    ).sort((a, b) => a - b);
    const spatial = axes.length === input.length - 2 && axes.every((axis, i) => axis === i + 2);
    const isGap = op === 'reducemean' && spatial && input.length > 2;
    return { op: isGap ? 'gap' : op, attributes: { axes, keepDims } };
  };
}
