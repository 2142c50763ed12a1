import {
  concatShapes,
  type Graph,
  type Layout,
  type Op,
  type OpAttributes,
  reshapeShape,
  type Shape,
  samePads,
  transposeShape,
  windowExtent,
} from '@nnmeter/ir';
import { NetworkWriter, type Value } from '../network-writer.ts';

export type Padding = 'SAME' | 'VALID';

/**
 * Writes TensorFlow-style NHWC graphs as those of the nn-Meter benchmark dataset: convolutions without bias, batch
 * normalization as a node, nodes named `<op>_<number>`.
 */
export class TfBuilder {
  readonly input: Value;
  readonly #writer = new NetworkWriter();
  readonly #counts = new Map<string, number>();

  constructor(inputShape: Shape) {
    this.input = this.#writer.input('input_im_0', inputShape, 'NHWC');
  }

  conv(x: Value, channels: number, kernel = 1, stride = 1, padding: Padding = 'SAME'): Value {
    const name = this.#name('conv');
    const weight = this.#writer.constant(
      `${name}/weight`,
      [kernel, kernel, x.shape[3]!, channels],
      { layout: 'HWIO' },
    );
    const window = slide(x, kernel, stride, padding);
    const attributes = { ...window.attributes, group: 1 };
    const draft = {
      name,
      op: 'conv',
      sourceOp: 'Conv2D',
      inputs: [x, weight],
      attributes,
    } as const;
    return this.#writer.node(draft, [x.shape[0]!, ...window.sides, channels], 'NHWC');
  }

  depthwise(x: Value, kernel: number, stride: number): Value {
    const name = this.#name('dwconv');
    const channels = x.shape[3]!;
    const weight = this.#writer.constant(`${name}/weight`, [kernel, kernel, channels, 1], {
      layout: 'HWCM',
    });
    const window = slide(x, kernel, stride, 'SAME');
    const draft = {
      name,
      op: 'dwconv',
      sourceOp: 'DepthwiseConv2dNative',
      inputs: [x, weight],
      attributes: { ...window.attributes, group: channels },
    } as const;
    return this.#writer.node(draft, [x.shape[0]!, ...window.sides, channels], 'NHWC');
  }

  batchNorm(x: Value): Value {
    return this.#op('bn', 'bn', 'FusedBatchNorm', [x], {}, x.shape, x.layout);
  }

  /** BiasAdd after a convolution, named after it. */
  biasAdd(x: Value): Value {
    const name = `${x.name}/BiasAdd`;
    const bias = this.#writer.constant(`${name}/bias`, [x.shape[3]!]);
    const draft = {
      name,
      op: 'add',
      sourceOp: 'BiasAdd',
      inputs: [x, bias],
      attributes: {},
    } as const;
    return this.#writer.node(draft, x.shape, x.layout);
  }

  relu(x: Value): Value {
    return this.#op('relu', 'relu', 'Relu', [x], {}, x.shape, x.layout);
  }

  relu6(x: Value): Value {
    return this.#op('relu6', 'relu', 'Relu6', [x], { max: 6 }, x.shape, x.layout);
  }

  add(a: Value, b: Value): Value {
    return this.#op('add', 'add', 'Add', [a, b], {}, a.shape, a.layout);
  }

  addScalar(x: Value, value: number): Value {
    return this.#withScalar('add', 'Add', x, value);
  }

  mulScalar(x: Value, value: number): Value {
    return this.#withScalar('mul', 'Mul', x, value);
  }

  /** `shape` is the larger operand's. */
  mul(a: Value, b: Value, shape: Shape): Value {
    return this.#op('mul', 'mul', 'Mul', [a, b], {}, shape, 'NHWC');
  }

  maxPool(x: Value, kernel: number, stride: number, padding: Padding): Value {
    return this.#pool('maxpool', 'MaxPool', x, kernel, stride, padding);
  }

  avgPool(x: Value, kernel: number, stride: number, padding: Padding): Value {
    return this.#pool('avgpool', 'AvgPool', x, kernel, stride, padding);
  }

  concat(inputs: readonly Value[]): Value {
    const shape = concatShapes(
      inputs.map((input) => input.shape),
      3,
    );
    return this.#op('concat', 'concat', 'ConcatV2', inputs, { axis: 3 }, shape, 'NHWC');
  }

  /** Two equal halves of the channels. */
  split(x: Value): [Value, Value] {
    const name = this.#name('split');
    const half = x.shape[3]! / 2;
    const shape = [...x.shape.slice(0, 3), half];
    const attributes = { axis: 3, sizes: [half, half] };
    const draft = { name, op: 'split', sourceOp: 'Split', inputs: [x], attributes } as const;
    const halves = this.#writer.nodeWithOutputs(draft, [name, `${name}:1`], [shape, shape], 'NHWC');
    return [halves[0]!, halves[1]!];
  }

  reshape(x: Value, target: readonly number[], layout?: Layout): Value {
    const shape = reshapeShape(x.shape, target, false);
    return this.#op('reshape', 'reshape', 'Reshape', [x], { shape }, shape, layout);
  }

  transpose(x: Value, perm: readonly number[]): Value {
    const shape = transposeShape(x.shape, perm);
    return this.#op('transpose', 'transpose', 'Transpose', [x], { perm }, shape);
  }

  fc(x: Value, features: number): Value {
    const name = this.#name('fc');
    const weight = this.#writer.constant(`${name}/weight`, [x.shape[1]!, features], {
      layout: 'IO',
    });
    const attributes = { transposeA: false, transposeB: false };
    const draft = { name, op: 'fc', sourceOp: 'MatMul', inputs: [x, weight], attributes } as const;
    return this.#writer.node(draft, [x.shape[0]!, features]);
  }

  convBn(x: Value, channels: number, kernel = 1, stride = 1): Value {
    return this.batchNorm(this.conv(x, channels, kernel, stride));
  }

  convBnRelu(x: Value, channels: number, kernel = 1, stride = 1): Value {
    return this.relu(this.convBn(x, channels, kernel, stride));
  }

  /** Mean over the image as a matrix [batch, channels]. */
  globalAverage(x: Value): Value {
    const [batch, , , channels] = x.shape as [number, number, number, number];
    const attributes = { axes: [1, 2], keepDims: true };
    const mean = this.#op('mean', 'gap', 'Mean', [x], attributes, [batch, 1, 1, channels], 'NHWC');
    return this.reshape(mean, [batch, channels]);
  }

  finish(name: string, output: Value): Graph {
    return this.#writer.finish(name, [output], { format: 'nnmeter-bench' });
  }

  #withScalar(op: 'add' | 'mul', sourceOp: string, x: Value, value: number): Value {
    const name = this.#name(op);
    const scalar = this.#writer.constant(`${name}/operand_1`, [], { values: [value] });
    const draft = { name, op, sourceOp, inputs: [x, scalar], attributes: {} } as const;
    return this.#writer.node(draft, x.shape, x.layout);
  }

  #pool(
    op: 'maxpool' | 'avgpool',
    sourceOp: string,
    x: Value,
    kernel: number,
    stride: number,
    padding: Padding,
  ): Value {
    const window = slide(x, kernel, stride, padding);
    const attributes = { ...window.attributes, ceilMode: false };
    const shape = [x.shape[0]!, ...window.sides, x.shape[3]!];
    return this.#op(op, op, sourceOp, [x], attributes, shape, 'NHWC');
  }

  #op<O extends Op>(
    prefix: string,
    op: O,
    sourceOp: string,
    inputs: readonly Value[],
    attributes: OpAttributes[O],
    shape: Shape,
    layout?: Layout,
  ): Value {
    const draft = { name: this.#name(prefix), op, sourceOp, inputs, attributes };
    return this.#writer.node(draft, shape, layout);
  }

  #name(prefix: string): string {
    const count = this.#counts.get(prefix) ?? 0;
    this.#counts.set(prefix, count + 1);
    return `${prefix}_${count}`;
  }
}

/** A square window over an NHWC image: its attributes and the sides of the result. */
function slide(x: Value, kernel: number, stride: number, padding: Padding) {
  const axes = [x.shape[1]!, x.shape[2]!].map((input) => {
    const [padBegin, padEnd] =
      padding === 'SAME' ? samePads(input, { kernel, stride }) : ([0, 0] as const);
    return { padBegin, padEnd, side: windowExtent(input, { kernel, stride, padBegin, padEnd }) };
  });
  return {
    sides: axes.map((axis) => axis.side),
    attributes: {
      kernelShape: [kernel, kernel],
      strides: [stride, stride],
      pads: [...axes.map((axis) => axis.padBegin), ...axes.map((axis) => axis.padEnd)],
      dilations: [1, 1],
    },
  };
}
