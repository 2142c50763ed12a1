import type { Shape } from '@nnmeter/ir';
import type { NnMeterKernel } from './detect.ts';

const REGRESSOR_OF_NAME = new Map([
  ['fc-relu', 'fc'],
  ['gap', 'global-avgpool'],
  ['global-pool', 'global-avgpool'],
  ['bn-relu', 'bnrelu'],
  ['add-relu', 'addrelu'],
  ['se-relu', 'se'],
  ['channel_shuffle', 'channelshuffle'],
]);

/** The name of nn-Meter's regressor for a kernel name; devices do not have all of them. */
export function nnMeterRegressor(kernelName: string): string {
  if (kernelName.includes('dwconv')) return 'dwconv-bn-relu';
  if (kernelName.includes('conv')) return 'conv-bn-relu';
  return REGRESSOR_OF_NAME.get(kernelName) ?? kernelName;
}

/**
 * The features nn-Meter's regressors (predictor version 1.0) take, in their order; undefined for kernels it cannot
 * cost (it counts them as 0 ms). Convolutions: input height, channels in and out, kernel, stride, flops / 2e6,
 * parameters / 1e6.
 */
export function nnMeterFeatures(kernel: NnMeterKernel): number[] | undefined {
  const { inputShapes } = kernel;
  switch (nnMeterRegressor(kernel.name)) {
    case 'dwconv-bn-relu':
    case 'conv-bn-relu':
      return convFeatures(kernel);
    case 'fc':
      return fcFeatures(inputShapes[0], kernel.outputShape);
    case 'maxpool':
    case 'avgpool':
      return windowFeatures(kernel);
    case 'global-avgpool':
      return inputShapes[0] && [1, inputShapes[0].at(-1)!];
    case 'channelshuffle':
    case 'split':
      return heightAndChannels(inputShapes[0]);
    case 'se':
      return inputShapes.at(-1)?.slice(-2);
    case 'concat':
      return concatFeatures(inputShapes);
    case 'hswish':
    case 'bn':
    case 'relu':
    case 'bnrelu':
      return heightAndChannels(inputShapes[0]);
    case 'add':
    case 'addrelu': {
      const channels = inputShapes.slice(0, 2).map((shape) => shape.at(-1)!);
      const height = heightAndChannels(inputShapes[0])?.[0];
      return height !== undefined && channels.length === 2 ? [height, ...channels] : undefined;
    }
    default:
      return undefined;
  }
}

/** Input height, channels in and out, kernel and stride along the width. */
function windowFeatures({ nodes, inputShapes, outputShape }: NnMeterKernel): number[] | undefined {
  const image = inputShapes.find((shape) => shape.length === 4);
  if (image === undefined || outputShape === undefined) return undefined;
  const { kernelShape, strides } = nodes[0]!.attributes as {
    kernelShape?: readonly number[];
    strides?: readonly number[];
  };
  const cout = outputShape.at(-1)!;
  return [image[1]!, image[3]!, cout, kernelShape?.at(-1) ?? 1, strides?.at(-1) ?? 1];
}

function convFeatures(kernel: NnMeterKernel): number[] | undefined {
  const window = windowFeatures(kernel);
  if (window === undefined) return undefined;
  const [height, cin, cout, extent, stride] = window as [number, number, number, number, number];
  const channelsPerFilter = kernel.name.includes('dwconv') ? 1 : cin;
  const parameters = cout * (extent * extent * channelsPerFilter + 1);
  const flops = 2 * (height / stride) * (height / stride) * parameters;
  return [...window, flops / 2e6, parameters / 1e6];
}

function fcFeatures(input: Shape | undefined, output: Shape | undefined): number[] | undefined {
  if (input === undefined || output === undefined) return undefined;
  const [cin, cout] = [input.at(-1)!, output.at(-1)!];
  const flops = (2 * cin + 1) * cout;
  return [cin, cout, flops / 2e6, flops / 1e6];
}

function heightAndChannels(shape: Shape | undefined): number[] | undefined {
  if (shape?.length === 4) return [shape[1]!, shape[3]!];
  return shape?.length === 2 ? [...shape] : undefined;
}

/** Of tensors of any rank: the second extent, the number of inputs, the last extents. */
function concatFeatures(inputShapes: readonly Shape[]): number[] | undefined {
  const height = inputShapes[0]?.[1];
  if (height === undefined) return undefined;
  const channels = inputShapes.map((shape) => shape.at(-1)!);
  const features = [height, channels.length, ...channels, 0, 0, 0, 0].slice(0, 6);
  if (channels.length > 4) features[1] = 6;
  return features;
}
