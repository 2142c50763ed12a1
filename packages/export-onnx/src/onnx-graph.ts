import {
  bytesPerElement,
  type DataType,
  elementCount,
  type Graph,
  NnMeterError,
  type Node,
  opRow,
  type Shape,
  type Tensor,
  UniqueNames,
} from '@nnmeter/ir';
import { type AxisOrder, hasChannelsLast, identity, imageOrder, permuted } from './axis-order.ts';
import type { OnnxAttribute, OnnxNode, OnnxTensor, OnnxValue } from './onnx-writer.ts';
import { packValues } from './pack-values.ts';

export type Attributes = Readonly<Record<string, OnnxAttribute>>;

/** Constants up to this size are written into the model. */
const INLINE_BYTES = 1024;
/** External tensors start at multiples of this, so that runtimes can map them. */
const ALIGNMENT = 4096;

/** The ONNX graph under construction: nodes, constants, and in which axis order each tensor is exported. */
export class OnnxGraph {
  readonly graph: Graph;
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly valueInfo: OnnxValue[] = [];
  opset = 0;
  /** Size of the external data file so far. */
  externalBytes = 0;
  readonly #fillers: OnnxNode[] = [];
  readonly #orders = new Map<string, AxisOrder>();
  /** Those that the graph does not have. */
  readonly #names = new UniqueNames((name) => this.graph.tensors.has(name));
  readonly #weights = new Map<string, string>();
  /** Names of the graph's constants that have been written. */
  readonly #constants = new Set<string>();
  readonly #externalFile: string | undefined;
  readonly #channelsLast: boolean;

  constructor(graph: Graph, externalFile: string | undefined) {
    this.graph = graph;
    this.#externalFile = externalFile;
    this.#channelsLast = hasChannelsLast(graph);
    for (const name of graph.inputs) this.#orders.set(name, this.wantedOrder(name));
  }

  /** All nodes, those that fill weights first. */
  allNodes(): OnnxNode[] {
    return [...this.#fillers, ...this.nodes];
  }

  /** @throws NnMeterError E_INVALID_GRAPH if there is no name, because the node lacks the operand. */
  tensor(name: string | undefined): Tensor {
    if (name) return this.graph.tensor(name);
    throw new NnMeterError('E_INVALID_GRAPH', 'an operand that ONNX demands is missing');
  }

  /** @throws NnMeterError E_SHAPE if the shape is not known. */
  shape(name: string): Shape {
    const { shape } = this.tensor(name);
    if (shape === undefined) {
      throw new NnMeterError(
        'E_SHAPE',
        `tensor "${name}" has no known shape, so it cannot be exported`,
      );
    }
    return shape;
  }

  isConstant(name: string): boolean {
    return this.tensor(name).kind === 'constant';
  }

  /** The order in which a tensor is exported; identity for constants. */
  order(name: string): AxisOrder {
    return this.#orders.get(name) ?? identity(this.shape(name).length);
  }

  /** Channels first for the images of a network with channels last. */
  wantedOrder(name: string): AxisOrder {
    const { layout } = this.tensor(name);
    const shape = this.shape(name);
    if (!this.#channelsLast) return identity(shape.length);
    return imageOrder({ shape, ...(layout && { layout }) });
  }

  /** The order of an image operand: channels first, also where the graph does not call it an image. */
  imageOrder(name: string): AxisOrder {
    const shape = this.shape(name);
    if (!this.#channelsLast) return identity(shape.length);
    const guess = (['NWC', 'NHWC', 'NDHWC'] as const)[shape.length - 3];
    const { layout = guess } = this.tensor(name);
    return imageOrder({ shape, ...(layout && { layout }) });
  }

  /** The exported name of a tensor in the order given (default: as it is), behind a Transpose where it must be. */
  read(name: string, order?: AxisOrder): string {
    if (this.isConstant(name)) return this.constant(name, this.shape(name));
    const current = this.order(name);
    if (order === undefined || order.join() === current.join()) return name;
    const perm = order.map((axis) => current.indexOf(axis));
    return this.extra('Transpose', name, [name], { perm: { ints: perm } });
  }

  /** Adds the ONNX node for a node of the graph. */
  emit(
    node: Node,
    opType: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    orders: readonly AxisOrder[] = [],
  ): void {
    this.nodes.push({ opType, name: node.name, inputs, outputs: node.outputs, attributes });
    for (const [index, name] of node.outputs.entries()) {
      if (name === '') continue;
      const order = orders[index] ?? orders[0] ?? identity(this.shape(name).length);
      this.#orders.set(name, order);
      this.valueInfo.push(this.value(name));
    }
  }

  /** Adds a node the graph does not have and returns its result. */
  extra(
    opType: string,
    base: string,
    inputs: readonly string[],
    attributes: Attributes = {},
  ): string {
    const name = this.#names.take(`${base}/${opType}`);
    this.nodes.push({ opType, name, inputs, outputs: [name], attributes });
    return name;
  }

  /** Name, exported shape and type of a tensor of the graph. */
  value(name: string): OnnxValue {
    const { dataType } = this.tensor(name);
    const producer = this.graph.producer(name);
    return {
      name,
      shape: permuted(this.shape(name), this.order(name)),
      dataType: (producer && fixedType(producer, name)) ?? dataType,
    };
  }

  /** A constant of the graph with the shape given; zeros unless the graph knows its values. */
  constant(name: string, shape: Shape, dataType = this.tensor(name).dataType): string {
    const key = `${name} ${shape.join()} ${dataType}`;
    const known = this.#weights.get(key);
    if (known !== undefined) return known;
    const unique = this.#constants.has(name) ? this.#names.take(name) : name;
    this.#constants.add(name);
    this.#weights.set(key, unique);
    const { values } = this.tensor(name);
    this.#write(
      unique,
      shape,
      dataType,
      values?.length === elementCount(shape) ? values : undefined,
    );
    return unique;
  }

  /** An exported constant as an operand beside `data`: graphs keep the bytes of weights that are dequantised for it. */
  dequantized(name: string, exported: string, data: string): string {
    const { dataType } = this.tensor(data);
    const quantized = this.tensor(name).dataType;
    if (!dataType.startsWith('float') || !/^u?int(4|8|16|32)$/.test(quantized)) return exported;
    this.require(dataType === 'float32' ? 13 : 19);
    if (/4$|16$/.test(quantized)) this.require(21);
    const scale = this.newConstant(`${name}/scale`, [], dataType, [1]);
    return this.extra('DequantizeLinear', name, [exported, scale]);
  }

  /** A constant the graph does not have. */
  newConstant(base: string, shape: Shape, dataType: DataType, values?: readonly number[]): string {
    const name = this.#names.take(base);
    this.#write(name, shape, dataType, values);
    return name;
  }

  /** A constant list of int64: shapes, axes, bounds. */
  int64(base: string, values: readonly number[]): string {
    return this.newConstant(base, [values.length], 'int64', values);
  }

  /** Raises the opset to the first that has an op. */
  require(opset: number): void {
    this.opset = Math.max(this.opset, opset);
  }

  #write(name: string, shape: Shape, dataType: DataType, values?: readonly number[]): void {
    const count = elementCount(shape);
    if (!Number.isSafeInteger(count) || shape.some((extent) => extent < 0)) {
      throw new NnMeterError('E_SHAPE', `"${name}" would have the shape [${shape.join(', ')}]`);
    }
    const length = Math.ceil(count * bytesPerElement(dataType));
    if (values !== undefined || length <= INLINE_BYTES) {
      const content = packValues(dataType, values ?? new Array<number>(count).fill(0));
      this.initializers.push({ name, shape, dataType, content });
    } else if (this.#externalFile !== undefined) {
      const offset = Math.ceil(this.externalBytes / ALIGNMENT) * ALIGNMENT;
      this.externalBytes = offset + length;
      const content = { file: this.#externalFile, offset, length };
      this.initializers.push({ name, shape, dataType, content });
    } else {
      const zero = { name: '', shape: [1], dataType, content: packValues(dataType, [0]) };
      this.#fillers.push({
        opType: 'ConstantOfShape',
        name: `${name}/zeros`,
        inputs: [this.int64(`${name}/shape`, shape)],
        outputs: [name],
        attributes: { value: { tensor: zero } },
      });
    }
  }
}

/** The type that ONNX gives a result whatever its operands are. */
function fixedType(node: Node, output: string): DataType | undefined {
  if (node.op === 'topk') return output === node.outputs[1] ? 'int64' : undefined;
  return opRow(node.op).resultType;
}
