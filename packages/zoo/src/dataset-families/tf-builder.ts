import {
  type Graph,
  GraphBuilder,
  type Layout,
  type Op,
  type OpAttributes,
  type Shape,
  type ShapedTensor,
  samePads,
} from '@nnmeter/ir';

export type Padding = 'SAME' | 'VALID';

/**
 * Writes TensorFlow-style NHWC graphs as those of the nn-Meter benchmark dataset: convolutions without bias, batch
 * normalization as a node without parameters, nodes named `<op>_<number>`.
 */
export class TfBuilder {
  readonly input: ShapedTensor;
  readonly #graph: GraphBuilder;
  readonly #counts = new Map<string, number>();

  constructor(name: string, inputShape: Shape) {
    this.#graph = new GraphBuilder(name, { layout: 'NHWC' });
    this.input = this.#graph.input('input_im_0', inputShape);
  }

  conv(
    x: ShapedTensor,
    channels: number,
    kernel = 1,
    stride = 1,
    padding: Padding = 'SAME',
  ): ShapedTensor {
    const options = { kernel, stride, padding: padding === 'SAME' ? ('same' as const) : 0 };
    const name = this.#name('conv');
    return this.#graph.conv(x, channels, { ...options, bias: false, name, sourceOp: 'Conv2D' });
  }

  depthwise(x: ShapedTensor, kernel: number, stride: number): ShapedTensor {
    const name = this.#name('dwconv');
    const channels = x.shape[3]!;
    const weight = this.#graph.constant(`${name}.weight`, [kernel, kernel, channels, 1], {
      layout: 'HWCM',
    });
    const pads = [1, 2].map((axis) => samePads(x.shape[axis]!, { kernel, stride }));
    const attributes = {
      kernelShape: [kernel, kernel],
      strides: [stride, stride],
      dilations: [1, 1],
      pads: [...pads.map(([begin]) => begin), ...pads.map(([, end]) => end)],
      group: channels,
    };
    const names = { name, sourceOp: 'DepthwiseConv2dNative' };
    return this.#graph.node('dwconv', attributes, [x, weight], names)[0]!;
  }

  batchNorm(x: ShapedTensor): ShapedTensor {
    return this.#op('bn', 'bn', 'FusedBatchNorm', [x], {});
  }

  /** BiasAdd after a convolution, named after it. */
  biasAdd(x: ShapedTensor): ShapedTensor {
    const name = `${x.name}/BiasAdd`;
    const bias = this.#graph.constant(`${name}/bias`, [x.shape[3]!]);
    return this.#graph.add(x, bias, { name, sourceOp: 'BiasAdd' });
  }

  relu(x: ShapedTensor): ShapedTensor {
    return this.#op('relu', 'relu', 'Relu', [x], {});
  }

  relu6(x: ShapedTensor): ShapedTensor {
    return this.#op('relu6', 'relu', 'Relu6', [x], { max: 6 });
  }

  add(a: ShapedTensor, b: ShapedTensor | number): ShapedTensor {
    return this.#graph.add(a, b, { name: this.#name('add'), sourceOp: 'Add' });
  }

  mul(a: ShapedTensor, b: ShapedTensor | number): ShapedTensor {
    return this.#graph.mul(a, b, { name: this.#name('mul'), sourceOp: 'Mul' });
  }

  maxPool(x: ShapedTensor, kernel: number, stride: number, padding: Padding): ShapedTensor {
    const names = { name: this.#name('maxpool'), sourceOp: 'MaxPool' };
    return this.#graph.maxpool(x, kernel, {
      stride,
      padding: padding === 'SAME' ? 'same' : 0,
      ...names,
    });
  }

  avgPool(x: ShapedTensor, kernel: number, stride: number, padding: Padding): ShapedTensor {
    const names = { name: this.#name('avgpool'), sourceOp: 'AvgPool' };
    return this.#graph.avgpool(x, kernel, {
      stride,
      padding: padding === 'SAME' ? 'same' : 0,
      ...names,
    });
  }

  concat(inputs: readonly ShapedTensor[]): ShapedTensor {
    return this.#graph.concat(inputs, 3, { name: this.#name('concat'), sourceOp: 'ConcatV2' });
  }

  /** Two equal halves of the channels. */
  split(x: ShapedTensor): ShapedTensor[] {
    const half = x.shape[3]! / 2;
    const names = { name: this.#name('split'), sourceOp: 'Split' };
    return this.#graph.split(x, [half, half], 3, names);
  }

  reshape(x: ShapedTensor, shape: readonly number[], layout?: Layout): ShapedTensor {
    const names = { name: this.#name('reshape'), sourceOp: 'Reshape' };
    return this.#graph.reshape(x, shape, { ...names, ...(layout && { layout }) });
  }

  transpose(x: ShapedTensor, perm: readonly number[]): ShapedTensor {
    return this.#op('transpose', 'transpose', 'Transpose', [x], { perm });
  }

  fc(x: ShapedTensor, features: number): ShapedTensor {
    const name = this.#name('fc');
    const weight = this.#graph.constant(`${name}.weight`, [x.shape[1]!, features], {
      layout: 'IO',
    });
    const attributes = { transposeA: false, transposeB: false };
    return this.#graph.node('fc', attributes, [x, weight], { name, sourceOp: 'MatMul' })[0]!;
  }

  convBn(x: ShapedTensor, channels: number, kernel = 1, stride = 1): ShapedTensor {
    return this.batchNorm(this.conv(x, channels, kernel, stride));
  }

  convBnRelu(x: ShapedTensor, channels: number, kernel = 1, stride = 1): ShapedTensor {
    return this.relu(this.convBn(x, channels, kernel, stride));
  }

  /** Mean over the image as a matrix [batch, channels]. */
  globalAverage(x: ShapedTensor): ShapedTensor {
    const mean = this.#op('mean', 'gap', 'Mean', [x], { axes: [1, 2], keepDims: true });
    return this.reshape(mean, [x.shape[0]!, x.shape[3]!]);
  }

  finish(output: ShapedTensor): Graph {
    return this.#graph.build(output);
  }

  #op<O extends Op>(
    prefix: string,
    op: O,
    sourceOp: string,
    inputs: readonly ShapedTensor[],
    attributes: OpAttributes[O],
  ): ShapedTensor {
    return this.#graph.node(op, attributes, inputs, { name: this.#name(prefix), sourceOp })[0]!;
  }

  #name(prefix: string): string {
    const count = this.#counts.get(prefix) ?? 0;
    this.#counts.set(prefix, count + 1);
    return `${prefix}_${count}`;
  }
}
