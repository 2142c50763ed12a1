import {
  type AxisOrder,
  AxisOrders,
  identity,
  isIdentity,
  packValues,
  permuted,
  placesInOrder,
  type RandomWeights,
  type WeightRole,
} from '@nnmeter/export';
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
} from '@nnmeter/ir';
import type { OnnxAttribute, OnnxNode, OnnxTensor, OnnxValue } from './onnx-writer.ts';

export type Attributes = Readonly<Record<string, OnnxAttribute>>;

/** Constants up to this size are written into the model. */
const INLINE_BYTES = 1024;
/** External tensors start at multiples of this, so that runtimes can map them. */
const ALIGNMENT = 4096;

/** How a constant of the graph is written, where that is not as it is. */
interface ConstantForm {
  readonly dataType?: DataType;
  /** The shape of the elements as the graph has them; default: the tensor's. */
  readonly from?: Shape;
  /** The order in which the axes of `from` are written. */
  readonly order?: AxisOrder;
}

/** Values that the graph leaves open: zeros, or random. */
interface FreeValues {
  /** What they are made from. */
  readonly name: string;
  readonly from: Shape;
  readonly order: AxisOrder | undefined;
  /** Default: what the constant of the graph does. */
  readonly role?: WeightRole;
}

/** What becomes of values that the graph leaves open. */
export interface OpenValues {
  /** Absent: they are zeros. */
  readonly random?: RandomWeights | undefined;
  /** Whether they are in the file, or made when it is loaded. */
  readonly areStored: boolean;
  /** Where they are, if not in the model itself. */
  readonly externalFile?: string | undefined;
}

/** Bytes at a place of the external file, which holds zeros elsewhere. */
export interface ExternalPart {
  readonly offset: number;
  readonly content: () => Uint8Array;
}

/** The ONNX graph under construction: nodes, constants, and in which axis order each tensor is exported. */
export class OnnxGraph {
  readonly graph: Graph;
  readonly orders: AxisOrders;
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly valueInfo: OnnxValue[] = [];
  opset = 0;
  /** Size of the external data file so far. */
  externalBytes = 0;
  /** What it holds beside zeros. */
  readonly externalParts: ExternalPart[] = [];
  /** Bytes of weights in the model itself. */
  storedBytes = 0;
  readonly #fillers: OnnxNode[] = [];
  readonly #names: Set<string>;
  /** By base: the last number that made a name unique. */
  readonly #lastOf = new Map<string, number>();
  readonly #weights = new Map<string, string>();
  /** Names of the graph's constants that have been written. */
  readonly #constants = new Set<string>();
  readonly #values: OpenValues;

  constructor(graph: Graph, values: OpenValues) {
    this.graph = graph;
    this.#values = values;
    this.#names = new Set(graph.tensors.keys());
    this.orders = new AxisOrders(graph, 'first');
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
    return this.orders.shape(this.tensor(name).name);
  }

  isConstant(name: string): boolean {
    return this.tensor(name).kind === 'constant';
  }

  /** The order in which a tensor is exported; identity for constants. */
  order(name: string): AxisOrder {
    return this.orders.of(name);
  }

  /** Channels first for the images of a network with channels last. */
  wantedOrder(name: string): AxisOrder {
    return this.orders.wanted(name);
  }

  /** The order of an image operand: channels first, also where the graph does not call it an image. */
  imageOrder(name: string): AxisOrder {
    return this.orders.image(this.tensor(name).name);
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
      this.orders.set(name, order);
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
    const name = this.#uniqueName(`${base}/${opType}`);
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

  /**
   * A constant of the graph with the shape given, behind the elements of `from` in another order of axes; its values where
   * the graph knows them.
   */
  constant(
    name: string,
    shape: Shape,
    { dataType = this.tensor(name).dataType, order, from = this.shape(name) }: ConstantForm = {},
  ): string {
    const key = `${name} ${shape.join()} ${dataType} ${from.join()} ${order?.join()}`;
    const known = this.#weights.get(key);
    if (known !== undefined) return known;
    const unique = this.#constants.has(name) ? this.#uniqueName(name) : name;
    this.#constants.add(name);
    this.#weights.set(key, unique);
    const { values } = this.tensor(name);
    const moved = order === undefined || isIdentity(order) ? undefined : order;
    const settled =
      values?.length !== elementCount(shape)
        ? undefined
        : moved === undefined
          ? values
          : Array.from(placesInOrder(from, moved), (place) => values[place]!);
    this.#write(unique, shape, dataType, settled ?? { name, from, order: moved });
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

  /** A constant the graph does not have; zeros without values. */
  newConstant(base: string, shape: Shape, dataType: DataType, values?: readonly number[]): string {
    const name = this.#uniqueName(base);
    this.#write(name, shape, dataType, values);
    return name;
  }

  /** A weight that the graph does not have. */
  newWeight(base: string, shape: Shape, dataType: DataType, role: WeightRole): string {
    const name = this.#uniqueName(base);
    this.#write(name, shape, dataType, { name: base, from: shape, order: undefined, role });
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

  #write(
    name: string,
    shape: Shape,
    dataType: DataType,
    content: readonly number[] | FreeValues = [],
  ): void {
    const count = elementCount(shape);
    if (!Number.isSafeInteger(count) || shape.some((extent) => extent < 0)) {
      throw new NnMeterError('E_SHAPE', `"${name}" would have the shape [${shape.join(', ')}]`);
    }
    const length = Math.ceil(count * bytesPerElement(dataType));
    const settled = 'name' in content ? undefined : content;
    const free = 'name' in content ? content : undefined;
    if (settled !== undefined && (settled.length > 0 || count === 0)) {
      this.initializers.push({ name, shape, dataType, content: packValues(dataType, settled) });
      return;
    }
    const values = this.#random(free, dataType);
    if (length > INLINE_BYTES && this.#values.externalFile !== undefined) {
      const offset = Math.ceil(this.externalBytes / ALIGNMENT) * ALIGNMENT;
      this.externalBytes = offset + length;
      if (values !== undefined) this.externalParts.push({ offset, content: values });
      const place = { file: this.#values.externalFile, offset, length };
      this.initializers.push({ name, shape, dataType, content: place });
    } else if (length <= INLINE_BYTES || this.#values.areStored) {
      this.storedBytes += length;
      const bytes = values ?? (() => new Uint8Array(length));
      this.initializers.push({ name, shape, dataType, content: bytes });
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

  /** Random values of a weight; undefined where it is zeros. */
  #random(free: FreeValues | undefined, dataType: DataType): (() => Uint8Array) | undefined {
    const { random } = this.#values;
    if (random === undefined || free === undefined) return undefined;
    const { name, from, order, role = random.roleOf(name) } = free;
    if (dataType === 'float32' || dataType === 'unknown') {
      return () => new Uint8Array(random.values(name, role, from, order).buffer);
    }
    if (!dataType.includes('float')) return undefined;
    return () => packValues(dataType, [...random.values(name, role, from, order)]);
  }

  #uniqueName(base: string): string {
    let name = base;
    let count = this.#lastOf.get(base) ?? 0;
    while (this.#names.has(name)) name = `${base}_${++count}`;
    if (count > 0) this.#lastOf.set(base, count);
    this.#names.add(name);
    return name;
  }
}

/** The type that ONNX gives a result whatever its operands are. */
function fixedType(node: Node, output: string): DataType | undefined {
  if (node.op === 'topk') return output === node.outputs[1] ? 'int64' : undefined;
  return opRow(node.op).resultType;
}
