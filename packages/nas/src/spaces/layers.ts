import type { GraphBuilder, ShapedTensor } from '@nnmeter/ir';

/** What follows a convolution and its batch normalization. */
export type Activation = 'relu' | 'relu6' | 'hswish' | 'none';

export interface ConvBnOptions {
  /** Default 1. */
  readonly kernel?: number;
  readonly stride?: number;
  readonly groups?: number;
  readonly activation?: Activation;
}

/** Layers whose nodes are named after the block that they belong to. */
export class BlockLayers {
  readonly builder: GraphBuilder;
  readonly #block: string;

  constructor(builder: GraphBuilder, block: string) {
    this.builder = builder;
    this.#block = block;
  }

  /** A name of this block for a node. */
  name(op: string): string {
    return this.builder.uniqueName(`${this.#block}/${op}`);
  }

  /** Convolution with padding (kernel - 1) / 2, batch normalization, activation (default none). */
  convBn(x: ShapedTensor, channels: number, options: ConvBnOptions = {}): ShapedTensor {
    const { kernel = 1, stride = 1, groups = 1, activation = 'none' } = options;
    const padding = (kernel - 1) / 2;
    const convolved = this.builder.conv(x, channels, {
      kernel,
      stride,
      groups,
      padding,
      bias: false,
      name: this.name('conv'),
    });
    return this.activate(this.builder.bn(convolved, { name: this.name('bn') }), activation);
  }

  /** Depthwise, the same. */
  depthwise(x: ShapedTensor, kernel: number, options: ConvBnOptions = {}): ShapedTensor {
    const channels = x.shape[1]!;
    return this.convBn(x, channels, { ...options, kernel, groups: channels });
  }

  activate(x: ShapedTensor, activation: Activation): ShapedTensor {
    if (activation === 'none') return x;
    if (activation === 'relu6') return this.builder.relu6(x, { name: this.name('relu6') });
    return this.builder.unary(activation, x, { name: this.name(activation) });
  }

  /** x * hardsigmoid(expand(relu(reduce(mean of x)))). */
  squeezeExcite(x: ShapedTensor, squeezed: number): ShapedTensor {
    const { builder } = this;
    const conv = (y: ShapedTensor, channels: number): ShapedTensor =>
      builder.conv(y, channels, { name: this.name('conv') });
    const pooled = builder.gap(x, { name: this.name('gap') });
    const reduced = builder.relu(conv(pooled, squeezed), { name: this.name('relu') });
    const gate = builder.unary('hardsigmoid', conv(reduced, x.shape[1]!), {
      name: this.name('hardsigmoid'),
    });
    return builder.mul(x, gate, { name: this.name('mul') });
  }

  add(a: ShapedTensor, b: ShapedTensor): ShapedTensor {
    return this.builder.add(a, b, { name: this.name('add') });
  }

  /** Channels as a table of `groups` rows, read by columns. */
  shuffle(x: ShapedTensor, groups: number): ShapedTensor {
    const { builder } = this;
    const [batch, channels, height, width] = x.shape as [number, number, number, number];
    const rows = builder.reshape(x, [batch, groups, channels / groups, height, width], {
      name: this.name('reshape'),
    });
    const columns = builder.transpose(rows, [0, 2, 1, 3, 4], { name: this.name('transpose') });
    return builder.reshape(columns, x.shape, { name: this.name('reshape'), layout: 'NCHW' });
  }

  /** Global average, then a fully connected layer. */
  classify(x: ShapedTensor, classes: number, bias = true): ShapedTensor {
    const { builder } = this;
    const pooled = builder.gap(x, { name: this.name('gap') });
    return builder.fc(builder.flatten(pooled, { name: this.name('flatten') }), classes, {
      bias,
      name: this.name('fc'),
    });
  }
}

/** A stage of MobileNetV3. */
export interface Stage {
  readonly channels: number;
  /** Of its first block. */
  readonly stride: number;
  readonly activation: Activation;
  /** Whether its blocks squeeze and excite. */
  readonly squeeze: boolean;
}

/** An inverted residual (MobileNetV2, V3): expand by 1x1, depthwise, squeeze and excite, project by 1x1. */
export interface InvertedResidual {
  readonly channels: number;
  readonly hidden: number;
  readonly kernel: number;
  readonly stride: number;
  readonly activation: Activation;
  /** Channels of squeeze and excite; default none. */
  readonly squeezed?: number;
  /** Whether the input is added; default: if shapes are the same. */
  readonly residual?: boolean;
  /** Whether the first 1x1 convolution is there; default true. */
  readonly expand?: boolean;
  /** Groups of the 1x1 convolutions, between which the first shuffles channels; default 1. */
  readonly groups?: number;
}

export function invertedResidual(
  layers: BlockLayers,
  x: ShapedTensor,
  block: InvertedResidual,
): ShapedTensor {
  const {
    channels,
    hidden,
    kernel,
    stride,
    activation,
    squeezed,
    expand = true,
    groups = 1,
  } = block;
  const residual = block.residual ?? (stride === 1 && x.shape[1] === channels);
  let y = expand ? layers.convBn(x, hidden, { activation, groups }) : x;
  if (groups > 1) y = layers.shuffle(y, groups);
  y = layers.depthwise(y, kernel, { stride, activation });
  if (squeezed !== undefined) y = layers.squeezeExcite(y, squeezed);
  y = layers.convBn(y, channels, { groups });
  return residual ? layers.add(y, x) : y;
}
