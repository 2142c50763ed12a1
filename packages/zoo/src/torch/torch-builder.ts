import {
  broadcastShapes,
  concatShapes,
  type Graph,
  type Layout,
  matMulShape,
  NnMeterError,
  type Op,
  type OpAttributes,
  reduceShape,
  reshapeShape,
  type Shape,
  sliceExtent,
  transposeShape,
  windowExtent,
} from '@nnmeter/ir';
import { NetworkWriter, type Value } from '../network-writer.ts';

/** A side for both spatial axes, or [height, width]. */
export type Sides = number | readonly [number, number];

export interface ConvOptions {
  /** Default 1. */
  readonly kernel?: Sides;
  /** Default 1. */
  readonly stride?: Sides;
  /** Zeros around each side; default 0. */
  readonly padding?: Sides;
  readonly groups?: number;
  /** Default true. */
  readonly bias?: boolean;
}

export interface PoolOptions {
  readonly stride?: number;
  readonly padding?: number;
  readonly ceilMode?: boolean;
}

/** What becomes of batch normalization in an evaluation graph. */
export type BatchNormMode = 'fold' | 'keep';

const sides = (value: Sides): readonly [number, number] =>
  typeof value === 'number' ? [value, value] : value;

/**
 * Writes the graph that PyTorch 1.13's ONNX exporter makes of an evaluation-mode module at opset 13, layer by layer.
 * With `fold`, batch normalization right after a convolution becomes that convolution's bias, as the exporter does it.
 */
export class TorchBuilder {
  readonly writer = new NetworkWriter();
  readonly input: Value;
  readonly #batchNorm: BatchNormMode;
  readonly #consumed = new Set<string>();
  readonly #convolutions = new Map<string, { hasBias: boolean }>();
  readonly #names = new Map<string, number>();
  readonly #scopes: string[] = [];

  constructor(inputShape: Shape, batchNorm: BatchNormMode) {
    if (inputShape.length !== 4) {
      throw new NnMeterError(
        'E_SHAPE',
        `the input of a torchvision network is [batch, channels, height, width], not [${inputShape.join(', ')}]`,
      );
    }
    this.input = this.writer.input('input', inputShape, 'NCHW');
    this.#batchNorm = batchNorm;
  }

  /** Everything added by `body` gets names that start with `name/`. */
  scope<T>(name: string, body: () => T): T {
    this.#scopes.push(name);
    try {
      return body();
    } finally {
      this.#scopes.pop();
    }
  }

  /** Appends a node; its name is the scope, the ONNX op and a running number. */
  op<O extends Op>(
    op: O,
    sourceOp: string,
    inputs: readonly Value[],
    attributes: OpAttributes[O],
    shape: Shape,
    layout?: Layout,
  ): Value {
    return this.#add(this.#uniqueName(sourceOp), op, sourceOp, inputs, attributes, shape, layout);
  }

  constant(role: string, shape: Shape, values?: readonly number[]): Value {
    const name = this.#uniqueName(role);
    return this.writer.constant(name, shape, values === undefined ? {} : { values });
  }

  scalar(value: number): Value {
    return this.constant('Constant', [], [value]);
  }

  conv(x: Value, outChannels: number, options: ConvOptions = {}): Value {
    const { groups = 1, bias = true } = options;
    const kernel = sides(options.kernel ?? 1);
    const stride = sides(options.stride ?? 1);
    const padding = sides(options.padding ?? 0);
    const [batch, channels, height, width] = x.shape as [number, number, number, number];
    if (channels % groups !== 0 || outChannels % groups !== 0) {
      throw new NnMeterError(
        'E_SHAPE',
        `a convolution of ${channels} to ${outChannels} channels cannot have ${groups} groups`,
      );
    }
    const name = this.#uniqueName('Conv');
    const weight = this.writer.constant(
      `${name}.weight`,
      [outChannels, channels / groups, ...kernel],
      { layout: 'OIHW' },
    );
    const inputs = bias
      ? [x, weight, this.writer.constant(`${name}.bias`, [outChannels])]
      : [x, weight];
    const extent = (side: number, axis: 0 | 1): number =>
      windowExtent(side, {
        kernel: kernel[axis],
        stride: stride[axis],
        padBegin: padding[axis],
        padEnd: padding[axis],
      });
    const y = this.#add(
      name,
      groups > 1 && groups === channels ? 'dwconv' : 'conv',
      'Conv',
      inputs,
      {
        kernelShape: kernel,
        strides: stride,
        pads: [...padding, ...padding],
        dilations: [1, 1],
        group: groups,
      },
      [batch, outChannels, extent(height, 0), extent(width, 1)],
      'NCHW',
    );
    this.#convolutions.set(y.name, { hasBias: bias });
    return y;
  }

  /** Folded into the convolution that computes `x` if nothing else has read `x`. */
  batchNorm(x: Value): Value {
    const convolution = this.#convolutions.get(x.name);
    if (this.#batchNorm === 'fold' && convolution !== undefined && !this.#consumed.has(x.name)) {
      if (!convolution.hasBias) {
        this.writer.appendInput(x.name, this.writer.constant(`${x.name}.bias`, [x.shape[1]!]));
        convolution.hasBias = true;
      }
      return x;
    }
    const name = this.#uniqueName('BatchNormalization');
    const parameters = ['weight', 'bias', 'running_mean', 'running_var'].map((role) =>
      this.writer.constant(`${name}.${role}`, [x.shape[1]!]),
    );
    return this.#add(
      name,
      'bn',
      'BatchNormalization',
      [x, ...parameters],
      { epsilon: 1e-5 },
      x.shape,
      x.layout,
    );
  }

  /** Convolution without bias, then batch normalization. */
  convBn(x: Value, outChannels: number, options: ConvOptions = {}): Value {
    return this.batchNorm(this.conv(x, outChannels, { ...options, bias: false }));
  }

  convBnRelu(x: Value, outChannels: number, options: ConvOptions = {}): Value {
    return this.relu(this.convBn(x, outChannels, options));
  }

  /** Elementwise op of one input and no parameters. */
  unary(
    op: 'relu' | 'sigmoid' | 'erf' | 'sqrt' | 'tanh',
    sourceOp: string,
    x: Value,
    attributes: OpAttributes['relu'] = {},
  ): Value {
    return this.op(op, sourceOp, [x], attributes, x.shape, x.layout);
  }

  relu(x: Value): Value {
    return this.unary('relu', 'Relu', x);
  }

  relu6(x: Value): Value {
    return this.unary('relu', 'Clip', x, { min: 0, max: 6 });
  }

  sigmoid(x: Value): Value {
    return this.unary('sigmoid', 'Sigmoid', x);
  }

  hardSigmoid(x: Value): Value {
    return this.op(
      'hardsigmoid',
      'HardSigmoid',
      [x],
      { alpha: 1 / 6, beta: 0.5 },
      x.shape,
      x.layout,
    );
  }

  /** Elementwise op of two inputs, with broadcasting. */
  binary(op: 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'max', a: Value, b: Value): Value {
    const sourceOp = op[0]!.toUpperCase() + op.slice(1);
    const shape = broadcastShapes(a.shape, b.shape);
    const layout = shape.length === a.shape.length ? (a.layout ?? b.layout) : b.layout;
    return this.op(op, sourceOp, [a, b], {}, shape, layout);
  }

  add(a: Value, b: Value): Value {
    return this.binary('add', a, b);
  }

  mul(a: Value, b: Value): Value {
    return this.binary('mul', a, b);
  }

  maxPool(x: Value, kernel: number, options: PoolOptions = {}): Value {
    return this.#pool('maxpool', 'MaxPool', x, kernel, options);
  }

  /** Padding counts as zeros: the exporter writes it as an explicit Pad. */
  avgPool(x: Value, kernel: number, options: PoolOptions = {}): Value {
    const { padding = 0, ...rest } = options;
    const padded =
      padding === 0 ? x : this.pad(x, [0, 0, padding, padding, 0, 0, padding, padding]);
    return this.#pool('avgpool', 'AveragePool', padded, kernel, rest);
  }

  pad(x: Value, pads: readonly number[]): Value {
    const rank = x.shape.length;
    const shape = x.shape.map((extent, axis) => extent + pads[axis]! + pads[axis + rank]!);
    return this.op('pad', 'Pad', [x], { pads, mode: 'constant' }, shape, x.layout);
  }

  /**
   * Average pooling to a fixed size. Where the input is no multiple of it, the windows of equal size and stride that
   * give that size stand for PyTorch's windows of unequal size; a smaller input is resized.
   */
  adaptiveAvgPool(x: Value, outputSide: number): Value {
    const [batch, channels, height, width] = x.shape as [number, number, number, number];
    const shape = [batch, channels, outputSide, outputSide];
    if (height < outputSide || width < outputSide) {
      return this.op('resize', 'Resize', [x], { mode: 'nearest' }, shape, x.layout);
    }
    const strides = [Math.floor(height / outputSide), Math.floor(width / outputSide)];
    const kernelShape = [
      height - (outputSide - 1) * strides[0]!,
      width - (outputSide - 1) * strides[1]!,
    ];
    const attributes = {
      kernelShape,
      strides,
      pads: [0, 0, 0, 0],
      dilations: [1, 1],
      ceilMode: false,
    };
    return this.op('avgpool', 'AveragePool', [x], attributes, shape, x.layout);
  }

  globalAvgPool(x: Value): Value {
    return this.op(
      'gap',
      'GlobalAveragePool',
      [x],
      { axes: [2, 3], keepDims: true },
      reduceShape(x.shape, [2, 3], true),
      x.layout,
    );
  }

  /** Mean over height and width: [N, C]. */
  spatialMean(x: Value): Value {
    return this.op(
      'gap',
      'ReduceMean',
      [x],
      { axes: [2, 3], keepDims: false },
      reduceShape(x.shape, [2, 3], false),
    );
  }

  /** To [N, the rest]. */
  flatten(x: Value): Value {
    const shape = reshapeShape(x.shape, [x.shape[0]!, -1], false);
    return this.op('reshape', 'Flatten', [x], { shape }, shape);
  }

  reshape(x: Value, target: readonly number[], layout?: Layout): Value {
    const shape = reshapeShape(x.shape, target, false);
    return this.op('reshape', 'Reshape', [x], { shape }, shape, layout);
  }

  transpose(x: Value, perm: readonly number[]): Value {
    const letters = x.layout === undefined ? '' : perm.map((axis) => x.layout![axis]).join('');
    const layout = letters === 'NCHW' || letters === 'NHWC' ? letters : undefined;
    return this.op('transpose', 'Transpose', [x], { perm }, transposeShape(x.shape, perm), layout);
  }

  /** x[..., start:end, ...] along one axis. */
  slice(x: Value, axis: number, start: number, end: number, step = 1): Value {
    const shape = x.shape.map((extent, index) =>
      index === axis ? sliceExtent(extent, start, end, step) : extent,
    );
    const attributes = { starts: [start], ends: [end], axes: [axis], steps: [step] };
    return this.op('slice', 'Slice', [x], attributes, shape, x.layout);
  }

  concat(inputs: readonly Value[], axis: number): Value {
    const shape = concatShapes(
      inputs.map((input) => input.shape),
      axis,
    );
    return this.op('concat', 'Concat', inputs, { axis }, shape, inputs[0]!.layout);
  }

  matMul(a: Value, b: Value): Value {
    return this.op(
      'matmul',
      'MatMul',
      [a, b],
      { transposeA: false, transposeB: false },
      matMulShape(a.shape, b.shape),
    );
  }

  softmax(x: Value): Value {
    return this.op('softmax', 'Softmax', [x], { axis: x.shape.length - 1 }, x.shape);
  }

  /** Fully connected over the last axis: Gemm for a matrix, else MatMul and Add. */
  linear(x: Value, outFeatures: number, bias = true): Value {
    const inFeatures = x.shape[x.shape.length - 1]!;
    const shape = [...x.shape.slice(0, -1), outFeatures];
    if (x.shape.length === 2) {
      const name = this.#uniqueName('Gemm');
      const weight = this.writer.constant(`${name}.weight`, [outFeatures, inFeatures], {
        layout: 'OI',
      });
      const inputs = bias
        ? [x, weight, this.writer.constant(`${name}.bias`, [outFeatures])]
        : [x, weight];
      return this.#add(name, 'fc', 'Gemm', inputs, { transposeA: false, transposeB: true }, shape);
    }
    const name = this.#uniqueName('MatMul');
    const weight = this.writer.constant(`${name}.weight`, [inFeatures, outFeatures], {
      layout: 'IO',
    });
    const product = this.#add(
      name,
      'fc',
      'MatMul',
      [x, weight],
      { transposeA: false, transposeB: false },
      shape,
      x.layout,
    );
    if (!bias) return product;
    return this.add(this.writer.constant(`${name}.bias`, [outFeatures]), product);
  }

  finish(name: string, output: Value): Graph {
    return this.writer.finish(name, [output], { format: 'torch', source: 'torchvision 0.14' });
  }

  #pool(
    op: 'maxpool' | 'avgpool',
    sourceOp: string,
    x: Value,
    kernel: number,
    options: PoolOptions,
  ): Value {
    const { stride = kernel, padding = 0, ceilMode = false } = options;
    const [batch, channels, height, width] = x.shape as [number, number, number, number];
    const extent = (side: number): number =>
      windowExtent(side, { kernel, stride, padBegin: padding, padEnd: padding, ceilMode });
    const attributes = {
      kernelShape: [kernel, kernel],
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
      dilations: [1, 1],
      ceilMode,
    };
    return this.op(
      op,
      sourceOp,
      [x],
      attributes,
      [batch, channels, extent(height), extent(width)],
      x.layout,
    );
  }

  #add<O extends Op>(
    name: string,
    op: O,
    sourceOp: string,
    inputs: readonly Value[],
    attributes: OpAttributes[O],
    shape: Shape,
    layout?: Layout,
  ): Value {
    for (const input of inputs) this.#consumed.add(input.name);
    return this.writer.node({ name, op, sourceOp, inputs, attributes }, shape, layout);
  }

  #uniqueName(base: string): string {
    const path = [...this.#scopes, base].join('/');
    const count = this.#names.get(path) ?? 0;
    this.#names.set(path, count + 1);
    return count === 0 ? path : `${path}_${count}`;
  }
}
