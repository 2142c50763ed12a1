import { NnMeterError, quote } from './errors.ts';
import type { NodeOptions } from './graph-writer.ts';
import { channelAxis, spatialAxes } from './ops/image.ts';
import { samePads } from './shape-rules.ts';
import type { DataType, Layout, Shape, ShapedTensor } from './tensor.ts';
import { TensorOpsBuilder } from './tensor-ops-builder.ts';

/** One number for all spatial axes, or one each: 3 or [3, 5]. */
export type Sides = number | readonly number[];

/** A sliding window. */
export interface WindowOptions extends NodeOptions {
  /** Default 1. */
  readonly stride?: Sides;
  /** Default 1. */
  readonly dilation?: Sides;
  /** Zeros on each side, all begins then all ends, or `same` as in TensorFlow; default 0. */
  readonly padding?: Sides | 'same';
}

export interface ConvOptions extends WindowOptions {
  /** Default 1. */
  readonly kernel?: Sides;
  /** Default 1. */
  readonly groups?: number;
  /** Default true. */
  readonly bias?: boolean;
}

export interface PoolOptions extends WindowOptions {
  /** Default false. */
  readonly ceilMode?: boolean;
}

export interface GraphBuilderOptions {
  /** Axis order of images; default NCHW. Weights are OIHW or HWIO accordingly. */
  readonly layout?: 'NCHW' | 'NHWC';
  /** Element type of everything; default float32. */
  readonly dataType?: DataType;
}

/**
 * Builds a network op by op, in execution order, inferring every shape; weights are created along the way.
 *
 * @example
 * const builder = new GraphBuilder('tiny');
 * const image = builder.input('image', [1, 3, 32, 32]);
 * const features = builder.relu(builder.bn(builder.conv(image, 16, { kernel: 3, padding: 1, bias: false })));
 * const graph = builder.build(builder.fc(builder.flatten(builder.gap(features)), 10));
 *
 * Every method throws NnMeterError E_SHAPE, naming the node, if the operands do not fit.
 */
export class GraphBuilder extends TensorOpsBuilder {
  readonly #channelsFirst: boolean;

  constructor(name: string, options: GraphBuilderOptions = {}) {
    super(name, options.dataType);
    this.#channelsFirst = options.layout !== 'NHWC';
  }

  /**
   * An input of the network; with 4 or 5 axes an image or a volume unless `layout` says otherwise, with 3 a sequence
   * [batch, length, features] unless it says NCW.
   */
  override input(name: string, shape: Shape, layout?: Layout): ShapedTensor {
    const image = (['NCHW', 'NCDHW'] as const)[shape.length - 4];
    const last = (['NHWC', 'NDHWC'] as const)[shape.length - 4];
    return super.input(name, shape, layout ?? (this.#channelsFirst ? image : last));
  }

  /** A convolution; 1-D, 2-D or 3-D as the operand is. */
  conv(x: ShapedTensor, outChannels: number, options: ConvOptions = {}): ShapedTensor {
    const { groups = 1, kernel = 1 } = options;
    const name = options.name ?? this.uniqueName('conv');
    const channels = channelsOf(x);
    if (channels % groups !== 0 || outChannels % groups !== 0) {
      throw new NnMeterError(
        'E_SHAPE',
        `node ${quote(name)} (conv): ${channels} to ${outChannels} channels do not divide into ${groups} groups`,
      );
    }
    const depthwise = groups > 1 && groups === channels;
    const { kernelShape, strides, dilations, pads } = this.#window(x, kernel, options);
    const weight = this.#convWeight(name, kernelShape, channels / groups, outChannels);
    const operands = [x, weight, ...this.#bias(name, outChannels, options.bias)];
    const op = depthwise ? 'dwconv' : 'conv';
    const attributes = { kernelShape, strides, dilations, pads, group: groups };
    return this.one(op, attributes, operands, options, name);
  }

  /** A depthwise convolution: each input channel gives `multiplier` (default 1) output channels. */
  dwconv(
    x: ShapedTensor,
    options: Omit<ConvOptions, 'groups'> & { readonly multiplier?: number } = {},
  ): ShapedTensor {
    const channels = channelsOf(x);
    const name = options.name ?? this.uniqueName('dwconv');
    const outChannels = channels * (options.multiplier ?? 1);
    return this.conv(x, outChannels, { ...options, name, groups: channels });
  }

  convtranspose(
    x: ShapedTensor,
    outChannels: number,
    options: ConvOptions & { readonly outputPadding?: Sides } = {},
  ): ShapedTensor {
    const { groups = 1, kernel = 1, outputPadding = 0 } = options;
    const name = options.name ?? this.uniqueName('convtranspose');
    const window = this.#window(x, kernel, options);
    const { kernelShape } = window;
    const channels = channelsOf(x);
    const perGroup = outChannels / groups;
    const weight = this.#channelsFirst
      ? this.constant(`${name}.weight`, [channels, perGroup, ...kernelShape], {
          layout: CHANNELS_FIRST[kernelShape.length],
        })
      : this.constant(`${name}.weight`, [...kernelShape, channels, perGroup], {
          layout: CHANNELS_LAST[kernelShape.length],
        });
    const attributes = {
      ...window,
      group: groups,
      outputPadding: perSide(outputPadding, kernelShape.length),
    };
    const operands = [x, weight, ...this.#bias(name, outChannels, options.bias)];
    return this.one('convtranspose', attributes, operands, options, name);
  }

  /** A dense layer over the last axis; ONNX's Gemm for matrices, MatMul and Add beyond. */
  fc(
    x: ShapedTensor,
    outFeatures: number,
    options: NodeOptions & { readonly bias?: boolean } = {},
  ) {
    const name = options.name ?? this.uniqueName('fc');
    const features = x.shape.at(-1) ?? 1;
    const matrix = x.shape.length <= 2;
    const weight = matrix
      ? this.constant(`${name}.weight`, [outFeatures, features], { layout: 'OI' })
      : this.constant(`${name}.weight`, [features, outFeatures], { layout: 'IO' });
    const bias = this.#bias(name, outFeatures, options.bias);
    const product = this.one(
      'fc',
      { transposeA: false, transposeB: matrix },
      [x, weight, ...(matrix ? bias : [])],
      { sourceOp: matrix ? 'Gemm' : 'MatMul', ...options, name },
    );
    return matrix || bias[0] === undefined ? product : this.add(product, bias[0]);
  }

  /** Batch normalization with scale, shift, mean and variance. */
  bn(x: ShapedTensor, options: NodeOptions = {}): ShapedTensor {
    const name = options.name ?? this.uniqueName('bn');
    const statistics = ['scale', 'bias', 'mean', 'variance'].map((role) =>
      this.constant(`${name}.${role}`, [channelsOf(x)]),
    );
    return this.one('bn', {}, [x, ...statistics], options, name);
  }

  /** The stride defaults to 1, not to the kernel. */
  maxpool(x: ShapedTensor, kernel: Sides, options: PoolOptions = {}): ShapedTensor {
    return this.#pool('maxpool', x, kernel, options);
  }

  /** The stride defaults to 1, not to the kernel. */
  avgpool(x: ShapedTensor, kernel: Sides, options: PoolOptions = {}): ShapedTensor {
    return this.#pool('avgpool', x, kernel, options);
  }

  /** Mean over the spatial axes, which stay with extent 1. */
  gap(x: ShapedTensor, options: NodeOptions = {}): ShapedTensor {
    return this.one('gap', { axes: spatialAxes(x), keepDims: true }, [x], options);
  }

  /** Resamples an image to the given spatial extents. */
  resize(
    x: ShapedTensor,
    sides: readonly number[],
    options: NodeOptions & { readonly mode?: string } = {},
  ): ShapedTensor {
    const { mode = 'nearest', ...rest } = options;
    const axes = spatialAxes(x);
    const sizes = [...x.shape];
    axes.forEach((axis, index) => {
      sizes[axis] = sides[index] ?? sizes[axis]!;
    });
    return this.one('resize', { mode, sizes }, [x], rest);
  }

  #pool(
    op: 'maxpool' | 'avgpool',
    x: ShapedTensor,
    kernel: Sides,
    options: PoolOptions,
  ): ShapedTensor {
    const { kernelShape, strides, dilations, pads } = this.#window(x, kernel, options);
    const { ceilMode = false } = options;
    return this.one(op, { kernelShape, strides, dilations, pads, ceilMode }, [x], options);
  }

  #window(x: ShapedTensor, kernel: Sides, options: WindowOptions) {
    const axes = spatialAxes(x);
    const rank = axes.length;
    const kernelShape = perSide(kernel, rank);
    const strides = perSide(options.stride ?? 1, rank);
    const dilations = perSide(options.dilation ?? 1, rank);
    const { padding = 0 } = options;
    if (padding !== 'same') {
      const sides = perSide(padding, rank);
      const pads = sides.length === rank ? [...sides, ...sides] : sides;
      return { kernelShape, strides, dilations, pads };
    }
    const same = axes.map((axis, index) =>
      samePads(x.shape[axis]!, {
        kernel: kernelShape[index]!,
        stride: strides[index]!,
        dilation: dilations[index]!,
      }),
    );
    const pads = [...same.map(([begin]) => begin), ...same.map(([, end]) => end)];
    return { kernelShape, strides, dilations, pads };
  }

  #convWeight(
    name: string,
    kernelShape: readonly number[],
    inChannels: number,
    outChannels: number,
  ): ShapedTensor {
    return this.#channelsFirst
      ? this.constant(`${name}.weight`, [outChannels, inChannels, ...kernelShape], {
          layout: CHANNELS_FIRST[kernelShape.length],
        })
      : this.constant(`${name}.weight`, [...kernelShape, inChannels, outChannels], {
          layout: CHANNELS_LAST[kernelShape.length],
        });
  }

  #bias(name: string, channels: number, wanted = true): ShapedTensor[] {
    return wanted ? [this.constant(`${name}.bias`, [channels])] : [];
  }
}

/** Layouts of convolution weights by number of spatial axes. */
const CHANNELS_FIRST: readonly (Layout | undefined)[] = [undefined, 'OIW', 'OIHW', 'OIDHW'];
const CHANNELS_LAST: readonly (Layout | undefined)[] = [undefined, 'WIO', 'HWIO', 'DHWIO'];

function perSide(value: Sides, rank: number): readonly number[] {
  return typeof value === 'number' ? new Array<number>(rank).fill(value) : value;
}

function channelsOf(x: ShapedTensor): number {
  return x.shape[channelAxis(x)] ?? 1;
}
