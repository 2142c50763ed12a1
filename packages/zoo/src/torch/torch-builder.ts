import {
  type Graph,
  GraphBuilder,
  type Layout,
  NnMeterError,
  type Op,
  type OpAttributes,
  type Shape,
  type ShapedTensor,
} from '@nnmeter/ir';

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
  /** Default: the kernel, as in PyTorch. */
  readonly stride?: number;
  readonly padding?: number;
  readonly ceilMode?: boolean;
}

/** What becomes of batch normalization after a convolution in an evaluation graph. */
export type BatchNormMode = 'fold' | 'keep';

/**
 * Writes the graph that PyTorch 1.13's ONNX exporter makes of an evaluation-mode module at opset 13, layer by layer.
 * With `fold`, batch normalization after a convolution becomes that convolution's bias, as the exporter does it.
 */
export class TorchBuilder {
  readonly input: ShapedTensor;
  readonly #graph: GraphBuilder;
  readonly #batchNorm: BatchNormMode;
  readonly #scopes: string[] = [];

  constructor(name: string, inputShape: Shape, batchNorm: BatchNormMode) {
    const [, channels = 0, height = 0, width = 0] = inputShape;
    const isChannelsLast = width <= 4 && channels > 4 && height > 4;
    if (inputShape.length !== 4 || isChannelsLast) {
      throw new NnMeterError(
        'E_SHAPE',
        `the input of a torchvision network is NCHW, [batch, channels, height, width] as in [1, 3, 224, 224], not [${inputShape.join(', ')}]`,
      );
    }
    this.#graph = new GraphBuilder(name);
    this.input = this.#graph.input('input', inputShape);
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

  /** Adds a node named after its scope and its ONNX op. */
  op<O extends Op>(
    op: O,
    sourceOp: string,
    inputs: readonly ShapedTensor[],
    attributes: OpAttributes[O],
    result: { readonly shape?: Shape; readonly layout?: Layout | undefined } = {},
  ): ShapedTensor {
    const { shape, layout } = result;
    return this.#graph.node(op, attributes, inputs, {
      ...this.#named(sourceOp),
      sourceOp,
      ...(shape && { outputShapes: [shape] }),
      ...(layout && { layout }),
    })[0]!;
  }

  /** A parameter or another constant of the network. */
  constant(role: string, shape: Shape): ShapedTensor {
    return this.#graph.constant(this.#named(role).name, shape);
  }

  scalar(value: number): ShapedTensor {
    return this.#graph.constant(this.#named('Constant').name, [], { values: [value] });
  }

  conv(x: ShapedTensor, outChannels: number, options: ConvOptions = {}): ShapedTensor {
    return this.#graph.conv(x, outChannels, { ...options, ...this.#named('Conv') });
  }

  /** Convolution, without bias unless `bias` is set, then batch normalization. */
  convBn(x: ShapedTensor, outChannels: number, options: ConvOptions = {}): ShapedTensor {
    return this.#batchNorm === 'fold'
      ? this.conv(x, outChannels, { ...options, bias: true })
      : this.batchNorm(this.conv(x, outChannels, { bias: false, ...options }));
  }

  convBnRelu(x: ShapedTensor, outChannels: number, options: ConvOptions = {}): ShapedTensor {
    return this.relu(this.convBn(x, outChannels, options));
  }

  /** Batch normalization that stays a node. */
  batchNorm(x: ShapedTensor, epsilon = 1e-5): ShapedTensor {
    const { name } = this.#named('BatchNormalization');
    const parameters = ['weight', 'bias', 'running_mean', 'running_var'].map((role) =>
      this.#graph.constant(`${name}.${role}`, [x.shape[1]!]),
    );
    return this.#graph.node('bn', { epsilon }, [x, ...parameters], { name })[0]!;
  }

  /** Elementwise op of one input and no parameters. */
  unary(op: 'sigmoid' | 'erf' | 'sqrt' | 'tanh', x: ShapedTensor): ShapedTensor {
    return this.op(op, capitalized(op), [x], {});
  }

  relu(x: ShapedTensor): ShapedTensor {
    return this.op('relu', 'Relu', [x], {});
  }

  relu6(x: ShapedTensor): ShapedTensor {
    return this.op('relu', 'Clip', [x], { max: 6 });
  }

  sigmoid(x: ShapedTensor): ShapedTensor {
    return this.unary('sigmoid', x);
  }

  hardSigmoid(x: ShapedTensor): ShapedTensor {
    return this.op('hardsigmoid', 'HardSigmoid', [x], { alpha: 1 / 6, beta: 0.5 });
  }

  /** Elementwise op of two inputs, with broadcasting. */
  binary(
    op: 'add' | 'sub' | 'mul' | 'div' | 'pow',
    a: ShapedTensor,
    b: ShapedTensor,
  ): ShapedTensor {
    return this.op(op, capitalized(op), [a, b], {});
  }

  add(a: ShapedTensor, b: ShapedTensor): ShapedTensor {
    return this.binary('add', a, b);
  }

  mul(a: ShapedTensor, b: ShapedTensor): ShapedTensor {
    return this.binary('mul', a, b);
  }

  maxPool(x: ShapedTensor, kernel: number, options: PoolOptions = {}): ShapedTensor {
    return this.#graph.maxpool(x, kernel, {
      stride: kernel,
      ...options,
      ...this.#named('MaxPool'),
    });
  }

  /** Padding counts as zeros: the exporter writes it as an explicit Pad. */
  avgPool(x: ShapedTensor, kernel: number, options: PoolOptions = {}): ShapedTensor {
    const { padding = 0, stride = kernel } = options;
    const padded =
      padding === 0 ? x : this.pad(x, [0, 0, padding, padding, 0, 0, padding, padding]);
    return this.#graph.avgpool(padded, kernel, { stride, ...this.#named('AveragePool') });
  }

  /**
   * Average pooling to a fixed size. Where the input is no multiple of it, the windows of equal size and stride that
   * give that size stand for PyTorch's windows of unequal size; a smaller input is resized.
   */
  adaptiveAvgPool(x: ShapedTensor, outputSide: number): ShapedTensor {
    const sides = x.shape.slice(2);
    if (sides.some((side) => side < outputSide)) {
      return this.#graph.resize(x, [outputSide, outputSide], this.#named('Resize'));
    }
    const stride = sides.map((side) => Math.floor(side / outputSide));
    const kernel = sides.map((side, axis) => side - (outputSide - 1) * stride[axis]!);
    return this.#graph.avgpool(x, kernel, { stride, ...this.#named('AveragePool') });
  }

  globalAvgPool(x: ShapedTensor): ShapedTensor {
    return this.#graph.gap(x, this.#named('GlobalAveragePool'));
  }

  /** Mean over height and width: [N, C]. */
  spatialMean(x: ShapedTensor): ShapedTensor {
    return this.#graph.mean(x, [2, 3], this.#named('ReduceMean'));
  }

  pad(x: ShapedTensor, pads: readonly number[]): ShapedTensor {
    return this.#graph.pad(x, pads, this.#named('Pad'));
  }

  /** To [N, the rest]. */
  flatten(x: ShapedTensor): ShapedTensor {
    return this.#graph.flatten(x, this.#named('Flatten'));
  }

  reshape(x: ShapedTensor, target: readonly number[], layout?: Layout): ShapedTensor {
    return this.#graph.reshape(x, target, {
      ...this.#named('Reshape'),
      ...(layout && { layout }),
    });
  }

  transpose(x: ShapedTensor, perm: readonly number[]): ShapedTensor {
    return this.#graph.transpose(x, perm, this.#named('Transpose'));
  }

  /** x[..., start:end:step, ...] along one axis. */
  slice(x: ShapedTensor, axis: number, start: number, end: number, step = 1): ShapedTensor {
    return this.#graph.slice(x, axis, { start, end, step }, this.#named('Slice'));
  }

  concat(inputs: readonly ShapedTensor[], axis: number): ShapedTensor {
    return this.#graph.concat(inputs, axis, this.#named('Concat'));
  }

  /** One entry of an axis, which goes away. */
  select(x: ShapedTensor, axis: number, index: number): ShapedTensor {
    const { name } = this.#named('Constant');
    const indices = this.#graph.constant(name, [], { dataType: 'int64', values: [index] });
    return this.op('gather', 'Gather', [x, indices], { axis });
  }

  matMul(a: ShapedTensor, b: ShapedTensor): ShapedTensor {
    return this.#graph.matmul(a, b, this.#named('MatMul'));
  }

  softmax(x: ShapedTensor): ShapedTensor {
    return this.#graph.softmax(x, -1, this.#named('Softmax'));
  }

  /** Fully connected over the last axis: Gemm for a matrix, else MatMul and Add. */
  linear(x: ShapedTensor, outFeatures: number, bias = true): ShapedTensor {
    if (x.shape.length === 2) {
      return this.#graph.fc(x, outFeatures, { bias, ...this.#named('Gemm') });
    }
    const { name } = this.#named('MatMul');
    const weight = this.#graph.constant(`${name}.weight`, [x.shape.at(-1)!, outFeatures], {
      layout: 'IO',
    });
    const product = this.#graph.node('fc', { transposeA: false, transposeB: false }, [x, weight], {
      name,
      sourceOp: 'MatMul',
      ...(x.layout && { layout: x.layout }),
    })[0]!;
    return bias ? this.add(this.#graph.constant(`${name}.bias`, [outFeatures]), product) : product;
  }

  finish(output: ShapedTensor): Graph {
    return this.#graph.build(output);
  }

  #named(base: string): { readonly name: string } {
    return { name: this.#graph.uniqueName([...this.#scopes, base].join('/')) };
  }
}

function capitalized(op: string): string {
  return op[0]!.toUpperCase() + op.slice(1);
}
