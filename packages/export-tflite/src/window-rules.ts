import { filterOrder, transposedFilterOrder } from '@nnmeter/export';
import { type Graph, type Node, type Shape, samePads } from '@nnmeter/ir';
import { PADDING } from '@nnmeter/tflite-schema';
import { notExported } from './not-exported.ts';
import type { Rule, Rules } from './rule.ts';
import { type Place, rectifierOf, type TfLiteGraph } from './tflite-graph.ts';

/** One axis of a window over an image. */
interface Side {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Zeros before the first window. */
  readonly begin: number;
}

interface Window {
  readonly kernelShape: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
}

/** Two sides of an image [N, H, W, C] that a window slides over. */
function sidesOf(node: Node, window: Window, input: Shape, output: Shape): readonly Side[] {
  if (input.length !== 4)
    throw notExported(node, 'TFLite has windows over images [N, H, W, C] only');
  return [0, 1].map((axis) => ({
    input: input[axis + 1]!,
    output: output[axis + 1]!,
    kernel: window.kernelShape[axis]!,
    stride: window.strides[axis]!,
    dilation: window.dilations[axis]!,
    begin: window.pads[axis]!,
  }));
}

/** Zeros that the windows reach behind the end. */
function endOf({ input, output, kernel, stride, dilation, begin }: Side): number {
  return Math.max(0, (output - 1) * stride + dilation * (kernel - 1) + 1 - input - begin);
}

function isSame(side: Side): boolean {
  const [begin] = samePads(side.input, side);
  return side.begin === begin && side.output === Math.ceil(side.input / side.stride);
}

function isValid(side: Side): boolean {
  const reach = side.dilation * (side.kernel - 1) + 1;
  return side.begin === 0 && side.output === Math.floor((side.input - reach) / side.stride) + 1;
}

/** The image as a window reads it: with PAD before it, where neither SAME nor VALID says its padding. */
function padded(
  target: TfLiteGraph,
  node: Node,
  image: Place,
  sides: readonly Side[],
  filling?: number,
): { readonly image: Place; readonly padding: number } {
  if (sides.every(isValid)) return { image, padding: PADDING.VALID };
  if (sides.every(isSame)) return { image, padding: PADDING.SAME };
  const { shape } = target.tensors[image]!;
  const amounts = [[0, 0], ...sides.map((side) => [side.begin, endOf(side)]), [0, 0]];
  const list = target.newConstant(`${node.name}/pads`, [4, 2], amounts.flat(), 'int32');
  const wider = shape.map((extent, axis) => extent + amounts[axis]![0]! + amounts[axis]![1]!);
  const operands = [image, list];
  if (filling !== undefined) operands.push(target.scalar(`${node.name}/filling`, filling));
  const op = filling === undefined ? 'PAD' : 'PADV2';
  return {
    image: target.extra(op, node.name, operands, { shape: wider }),
    padding: PADDING.VALID,
  };
}

const strides = ([strideHeight, strideWidth]: readonly number[]) => ({
  strideHeight: strideHeight!,
  strideWidth: strideWidth!,
});

/** A bias of the node, or zeros: the kernels of TFLite's delegates want one. */
function biasOf(target: TfLiteGraph, node: Node, slot: number, channels: number): Place {
  const bias = node.inputs[slot];
  if (bias)
    return target.isConstant(bias)
      ? target.constant(bias, { shape: [channels] })
      : target.read(bias);
  return target.zeros(`${node.name}/bias`, [channels], 'float32');
}

/** Weights are [out, height, width, in of a group], depthwise ones [1, height, width, out]. */
const convolution: Rule<'conv' | 'dwconv'> = (target, node) => {
  const { attributes } = node;
  const [data, weight] = node.inputs;
  const order = target.orders.image(target.tensor(data).name);
  const outOrder = target.orders.image(node.outputs[0]!);
  const image = target.read(data, order);
  const input = target.tensors[image]!.shape;
  const output = outOrder.map((axis) => target.shape(node.outputs[0])[axis]!);
  const sides = sidesOf(node, attributes, input, output);
  const [channels, results] = [input[3]!, output[3]!];
  const window = padded(target, node, image, sides);
  const depthwise = attributes.group === channels && channels > 1;
  const filter = filterOf(target, node, weight, {
    kernelShape: attributes.kernelShape,
    from: channels / attributes.group,
    to: results,
    depthwise,
  });
  const [dilationHeight, dilationWidth] = attributes.dilations as [number, number];
  target.emitActivated(
    node,
    depthwise ? 'DEPTHWISE_CONV_2D' : 'CONV_2D',
    [window.image, filter, biasOf(target, node, 2, results)],
    {
      options: {
        padding: window.padding,
        ...strides(attributes.strides),
        ...(depthwise && { multiplier: results / channels }),
        dilationHeight,
        dilationWidth,
      },
      order: outOrder,
    },
  );
};

interface Filter {
  readonly kernelShape: readonly number[];
  /** Channels that a result reads. */
  readonly from: number;
  readonly to: number;
  readonly depthwise: boolean;
}

/** A filter of the graph in TFLite's order, or a new one. */
function filterOf(
  target: TfLiteGraph,
  node: Node,
  name: string | undefined,
  filter: Filter,
): Place {
  const { kernelShape, from, to, depthwise } = filter;
  const shape = depthwise ? [1, ...kernelShape, to] : [to, ...kernelShape, from];
  if (!name) {
    const fanIn = from * kernelShape[0]! * kernelShape[1]!;
    const own = [...kernelShape, from, to];
    const order = depthwise ? [2, 0, 1, 3] : [3, 0, 1, 2];
    return target.weight(`${node.name}/weight`, { fanIn }, { from: own, order, shape });
  }
  const order = filterOrder(target.tensor(name), depthwise ? 'IHWO' : 'OHWI');
  return target.constant(name, { order, shape });
}

/**
 * SAME and VALID say where a transposed convolution cuts its result; any other cut is a SLICE behind a VALID one.
 * Weights are [out, height, width, in].
 */
const transposed: Rule<'convtranspose'> = (target, node) => {
  const { kernelShape, strides: steps, pads, dilations, group } = node.attributes;
  const [data, weight] = node.inputs;
  const [result] = node.outputs;
  if (group !== 1) throw notExported(node, 'TFLite has no transposed convolution of groups');
  if (dilations.some((dilation) => dilation !== 1)) {
    throw notExported(node, 'TFLite has no dilated transposed convolution');
  }
  const order = target.orders.image(result!);
  const image = target.read(data, target.orders.image(target.tensor(data).name));
  const input = target.tensors[image]!.shape;
  const output = order.map((axis) => target.shape(result)[axis]!);
  if (input.length !== 4)
    throw notExported(node, 'TFLite has windows over images [N, H, W, C] only');
  const [from, to] = [input[3]!, output[3]!];
  const filter = transposedFilter(target, node, weight, kernelShape, from, to);
  const sides = [0, 1].map((axis) => ({
    input: output[axis + 1]!,
    output: input[axis + 1]!,
    kernel: kernelShape[axis]!,
    stride: steps[axis]!,
    dilation: 1,
    begin: pads[axis]!,
  }));
  const full = [
    output[0]!,
    ...sides.map((side) =>
      Math.max(side.begin + side.input, (side.output - 1) * side.stride + side.kernel),
    ),
    to,
  ];
  const isWhole = sides.every(isSame) || full.join() === output.join();
  const written = isWhole ? output : full;
  const operands = [
    target.int32(`${node.name}/shape`, written),
    filter,
    image,
    biasOf(target, node, 2, to),
  ];
  const padding = sides.every(isSame) ? PADDING.SAME : PADDING.VALID;
  const options = { padding, ...strides(steps) };
  if (isWhole) {
    target.emit(node, 'TRANSPOSE_CONV', operands, { options, orders: [order] });
    return;
  }
  const { dataType } = target.tensors[image]!;
  const whole = target.extra('TRANSPOSE_CONV', node.name, operands, {
    shape: full,
    dataType,
    options,
  });
  const begins = target.int32(`${node.name}/begins`, [0, pads[0]!, pads[1]!, 0]);
  const sizes = target.int32(`${node.name}/sizes`, output);
  target.emit(node, 'SLICE', [whole, begins, sizes], { orders: [order] });
};

function transposedFilter(
  target: TfLiteGraph,
  node: Node,
  name: string | undefined,
  kernelShape: readonly number[],
  from: number,
  to: number,
): Place {
  const shape = [to, ...kernelShape, from];
  if (!name) throw notExported(node, 'it has no weight');
  const order = transposedFilterOrder(target.tensor(name), from, 'OHWI');
  return target.constant(name, { order, shape });
}

/** The least number of 32 bits: what a maximum is never. */
const LEAST = -3.4028234663852886e38;

function pooling(op: 'MAX_POOL_2D' | 'AVERAGE_POOL_2D'): Rule<'maxpool' | 'avgpool'> {
  return (target, node) => {
    const { attributes } = node;
    if (attributes.dilations.some((dilation) => dilation !== 1)) {
      throw notExported(node, 'TFLite has no dilated pooling');
    }
    const [data] = node.inputs;
    const order = target.orders.image(target.tensor(data).name);
    const image = target.read(data, order);
    const output = order.map((axis) => target.shape(node.outputs[0])[axis]!);
    const sides = sidesOf(node, attributes, target.tensors[image]!.shape, output);
    const isMaximum = op === 'MAX_POOL_2D';
    if (!isMaximum && !sides.every(isValid) && !sides.every(isSame)) {
      throw notExported(node, 'TFLite averages over windows of SAME or VALID padding only');
    }
    // Behind a rectifier zeros are as good as the least number, and PAD is known to more delegates.
    const isPositive = target.graph.derived(neverNegative).has(data!);
    const filling = isMaximum && !isPositive ? LEAST : undefined;
    const window = padded(target, node, image, sides, filling);
    const [filterHeight, filterWidth] = attributes.kernelShape as [number, number];
    target.emitActivated(node, op, [window.image], {
      options: {
        padding: window.padding,
        ...strides(attributes.strides),
        filterHeight,
        filterWidth,
      },
      order,
    });
  };
}

/** Tensors whose elements are at least 0: what rectifiers give, and what is only chosen from that. */
function neverNegative(graph: Graph): ReadonlySet<string> {
  const found = new Set<string>();
  for (const node of graph.nodes) {
    const rectifier = rectifierOf(node);
    const chooses = node.op === 'concat' || node.op === 'maxpool';
    const isFound = chooses
      ? node.inputs.every((name) => found.has(name))
      : rectifier !== undefined && rectifier !== 'RELU_N1_TO_1';
    if (isFound) found.add(node.outputs[0]!);
  }
  return found;
}

const normalizeResponse: Rule<'lrn'> = (target, node) => {
  const order = target.orders.image(target.tensor(node.inputs[0]).name);
  const image = target.read(node.inputs[0], order);
  // ONNX's defaults for windows of five channels, over which it divides alpha.
  const options = { radius: 2, bias: 1, alpha: 1e-4 / 5, beta: 0.75 };
  target.emit(node, 'LOCAL_RESPONSE_NORMALIZATION', [image], { options, orders: [order] });
};

function blocks(op: 'DEPTH_TO_SPACE' | 'SPACE_TO_DEPTH'): Rule<'depthtospace' | 'spacetodepth'> {
  return (target, node) => {
    const order = target.orders.image(target.tensor(node.inputs[0]).name);
    const image = target.read(node.inputs[0], order);
    const { blockSize } = node.attributes;
    target.emit(node, op, [image], { options: { blockSize }, orders: [order] });
  };
}

const resize: Rule<'resize'> = (target, node) => {
  const { mode } = node.attributes;
  if (/cubic/i.test(mode)) throw notExported(node, 'TFLite has no cubic resizing');
  const [result] = node.outputs;
  const order = target.orders.image(target.tensor(node.inputs[0]).name);
  const image = target.read(node.inputs[0], order);
  const input = target.tensors[image]!.shape;
  const output = order.map((axis) => target.shape(result)[axis]!);
  if (input.length !== 4 || input[0] !== output[0] || input[3] !== output[3]) {
    throw notExported(node, 'TFLite resizes the height and width of images only');
  }
  const sizes = target.int32(`${node.name}/sizes`, output.slice(1, 3));
  const op = /nearest/i.test(mode) ? 'RESIZE_NEAREST_NEIGHBOR' : 'RESIZE_BILINEAR';
  target.emit(node, op, [image, sizes], { options: { halfPixelCenters: true }, orders: [order] });
};

export const windowRules: Rules = {
  conv: convolution,
  dwconv: convolution,
  convtranspose: transposed,
  maxpool: pooling('MAX_POOL_2D'),
  avgpool: pooling('AVERAGE_POOL_2D'),
  lrn: normalizeResponse,
  depthtospace: blocks('DEPTH_TO_SPACE'),
  spacetodepth: blocks('SPACE_TO_DEPTH'),
  resize,
};
