import {
  type AxisOrder,
  AxisOrders,
  identity,
  isIdentity,
  keepsPlaces,
  packValues,
  permuted,
  placesInOrder,
  type RandomWeights,
  type WeightRole,
} from '@nnmeter/export';
import {
  type DataType,
  elementCount,
  type Graph,
  NnMeterError,
  type Node,
  type Op,
  quote,
  type Shape,
  type Tensor,
} from '@nnmeter/ir';
import { ACTIVATIONS, DATA_TYPES, RECTIFIERS } from '@nnmeter/tflite-schema';
import { notExported } from './not-exported.ts';
import type { OptionValue, TfLiteOperator, TfLiteTensor } from './tflite-writer.ts';

/** A tensor of the file, by its place there. */
export type Place = number;

/** Extents are signed numbers of 32 bits. */
const GREATEST_EXTENT = 2 ** 31 - 1;

/** An omitted operand. */
export const OMITTED: Place = -1;

type Options = Readonly<Record<string, OptionValue>>;

/** How a constant of the graph is to be written. */
export interface ConstantForm {
  /** The shape of its elements as they are in the graph; default: the tensor's. */
  readonly from?: Shape;
  /** The order in which the axes of `from` are written; default: as they are. */
  readonly order?: AxisOrder;
  /** The shape that is stated; default: `from` in that order. */
  readonly shape?: Shape;
}

/** The TFLite graph under construction: tensors, operators, and in which axis order each tensor is written. */
export class TfLiteGraph {
  readonly graph: Graph;
  readonly tensors: TfLiteTensor[] = [];
  readonly operators: TfLiteOperator[] = [];
  readonly orders: AxisOrders;
  /** Undefined: all weights are zero. */
  readonly #weights: RandomWeights | undefined;
  readonly #places = new Map<string, Place>();
  readonly #constants = new Map<string, Place>();
  /** By tensor and order: what is behind a TRANSPOSE already. */
  readonly #moved = new Map<string, Place>();
  /** Nodes that are part of the operator before them. */
  readonly #fused = new Set<Node>();

  constructor(graph: Graph, weights: RandomWeights | undefined) {
    this.graph = graph;
    this.#weights = weights;
    this.orders = new AxisOrders(graph, 'last');
    for (const name of graph.inputs) this.#add(name, this.orders.of(name));
  }

  /** @throws NnMeterError E_INVALID_GRAPH if there is no name, because the node lacks the operand. */
  tensor(name: string | undefined): Tensor {
    if (name) return this.graph.tensor(name);
    throw new NnMeterError('E_INVALID_GRAPH', 'an operand that TFLite demands is missing');
  }

  /** @throws NnMeterError E_SHAPE if the shape is not known. */
  shape(name: string | undefined): Shape {
    return this.orders.shape(this.tensor(name).name);
  }

  isConstant(name: string | undefined): boolean {
    return this.tensor(name).kind === 'constant';
  }

  isFused(node: Node): boolean {
    return this.#fused.has(node);
  }

  order(name: string | undefined): AxisOrder {
    return this.orders.of(this.tensor(name).name);
  }

  /** A tensor in the order given (default: as it is written), behind a TRANSPOSE where it must be. */
  read(name: string | undefined, order?: AxisOrder): Place {
    const tensor = this.tensor(name);
    if (tensor.kind === 'constant') return this.constant(tensor.name, order && { order });
    const place = this.#places.get(tensor.name);
    if (place === undefined) {
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `${quote(tensor.name)} is read before it is computed`,
      );
    }
    const current = this.order(tensor.name);
    if (order === undefined || order.join() === current.join()) return place;
    const key = `${tensor.name} ${order.join()}`;
    const known = this.#moved.get(key);
    if (known !== undefined) return known;
    const perm = order.map((axis) => current.indexOf(axis));
    const written = this.tensors[place]!.shape;
    const moved = keepsPlaces(written, perm)
      ? this.reshaped(tensor.name, place, permuted(written, perm))
      : this.transposed(tensor.name, place, perm);
    this.#moved.set(key, moved);
    return moved;
  }

  /** Indices: those that the graph knows no type of are made integers. */
  readIndices(name: string): Place {
    const tensor = this.tensor(name);
    if (tensor.kind !== 'constant' || tensor.dataType.startsWith('int')) return this.read(name);
    const shape = this.shape(name);
    return tensor.values === undefined
      ? this.zeros(name, shape, 'int32')
      : this.newConstant(name, shape, tensor.values, 'int32');
  }

  /** The code of a result's element type. */
  resultType(name: string | undefined): number {
    return DATA_TYPES.indexOf(this.tensor(name).dataType);
  }

  /** A tensor behind a TRANSPOSE. */
  transposed(base: string, place: Place, perm: readonly number[]): Place {
    return this.extra('TRANSPOSE', base, [place, this.int32(`${base}/perm`, perm)], {
      shape: permuted(this.tensors[place]!.shape, perm),
    });
  }

  /** A tensor behind a RESHAPE. */
  reshaped(base: string, place: Place, shape: Shape): Place {
    if (this.tensors[place]!.shape.join() === shape.join()) return place;
    const target = this.int32(`${base}/shape`, shape);
    return this.extra('RESHAPE', base, [place, target], { shape, options: { shape } });
  }

  /** Adds the operator whose results are those of the node, in the orders given (default: the first for all, or none). */
  emit(
    node: Node,
    op: string,
    inputs: readonly Place[],
    more: { readonly options?: Options; readonly orders?: readonly AxisOrder[] } = {},
  ): void {
    const { options = {}, orders = [] } = more;
    const outputs = this.#results(node).map((name, index) =>
      name === ''
        ? this.#unused(node, index)
        : this.#add(name, orders[index] ?? orders[0] ?? identity(this.shape(name).length)),
    );
    this.operators.push({ op, inputs, outputs, options });
  }

  /** As {@link emit}, together with the rectifier that follows, if TFLite fuses it and nothing else reads the result. */
  emitActivated(
    node: Node,
    op: string,
    inputs: readonly Place[],
    more: { readonly options?: Options; readonly order: AxisOrder },
  ): void {
    const follower = this.#fusable(node);
    const activation = follower === undefined ? 0 : activationOf(follower);
    if (follower !== undefined && activation > 0) this.#fused.add(follower);
    const last = follower !== undefined && activation > 0 ? follower : node;
    this.emit(last, op, inputs, {
      options: { ...more.options, activation },
      orders: [more.order],
    });
  }

  /** Adds an operator the graph does not have. @returns its result */
  extra(
    op: string,
    base: string,
    inputs: readonly Place[],
    result: { readonly shape: Shape; readonly dataType?: DataType; readonly options?: Options },
  ): Place {
    const dataType = result.dataType ?? this.tensors[inputs[0]!]!.dataType;
    const name = `${base}/${op.toLowerCase()}`;
    const place = this.tensors.push({ name, dataType, shape: result.shape }) - 1;
    this.operators.push({ op, inputs, outputs: [place], options: result.options ?? {} });
    return place;
  }

  /** Lets a result of the graph be a tensor that is there already. */
  alias(name: string, place: Place, order: AxisOrder): void {
    this.#places.set(name, place);
    this.orders.set(name, order);
  }

  /**
   * A constant of the graph: its values where they are known, else zeros or random weights.
   * @throws NnMeterError E_UNSUPPORTED_OP if it is computed
   */
  constant(name: string, form: ConstantForm = {}): Place {
    const { from = this.shape(name), order = identity(from.length) } = form;
    const shape = form.shape ?? permuted(from, order);
    const key = `${name} ${from.join()} ${order.join()} ${shape.join()}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const { values, dataType } = this.#requireConstant(name);
    const place =
      values?.length === elementCount(shape)
        ? this.newConstant(
            name,
            shape,
            values.length === 0 ? [] : reordered(values, from, order),
            dataType,
          )
        : this.weight(name, this.#weights?.roleOf(name) ?? 'shift', {
            from,
            order,
            shape,
            dataType,
          });
    this.#constants.set(key, place);
    return place;
  }

  #requireConstant(name: string): Tensor {
    const tensor = this.tensor(name);
    if (tensor.kind === 'constant') return tensor;
    throw new NnMeterError(
      'E_UNSUPPORTED_OP',
      `${quote(name)} is computed where TFLite wants a constant`,
    );
  }

  /** A weight of that role: zeros or random values. */
  weight(
    name: string,
    role: WeightRole,
    form: Required<ConstantForm> & { readonly dataType?: DataType },
  ): Place {
    const { from, order, shape, dataType = 'float32' } = form;
    const weights = this.#weights;
    const isFloat = FLOATS.has(dataType);
    const content =
      weights === undefined || !isFloat
        ? 'zeros'
        : () => asBytes(weights.values(name, role, from, isIdentity(order) ? undefined : order));
    return this.#push({ name, dataType, shape, content });
  }

  /** The numbers of a vector that is a parameter of the node: those of the graph's constant, or of a new one. */
  vector(node: Node, slot: number, role: WeightRole, label: string, length: number): Float32Array {
    const given = node.inputs[slot];
    const values = given ? this.#requireConstant(given).values : undefined;
    if (values !== undefined) return Float32Array.from(values);
    const name = given || `${node.name}/${label}`;
    return this.#weights?.values(name, role, [length]) ?? new Float32Array(length);
  }

  /** A vector that is computed from others when it is written; zeros where all weights are. */
  computedVector(name: string, length: number, values: () => Float32Array): Place {
    const content = this.#weights === undefined ? 'zeros' : () => asBytes(values());
    return this.#push({ name, dataType: 'float32', shape: [length], content });
  }

  /** Zeros that the graph does not have. */
  zeros(name: string, shape: Shape, dataType: DataType): Place {
    return this.#push({ name, dataType, shape, content: 'zeros' });
  }

  /** A constant the graph does not have. */
  newConstant(
    name: string,
    shape: Shape,
    values: readonly number[],
    dataType: DataType = 'float32',
  ): Place {
    return this.#push({ name, dataType, shape, content: () => packValues(dataType, values) });
  }

  /** A constant list of int32: shapes, axes, bounds. */
  int32(name: string, values: readonly number[]): Place {
    return this.newConstant(name, [values.length], values, 'int32');
  }

  scalar(name: string, value: number): Place {
    return this.newConstant(name, [], [value]);
  }

  /**
   * The results of a node that its operator gives.
   * @throws NnMeterError E_UNSUPPORTED_OP if the graph has more of them
   */
  #results(node: Node): readonly string[] {
    const count = RESULTS[node.op] ?? 1;
    const surplus = node.outputs.slice(count);
    const read = (name: string) =>
      name !== '' && (this.graph.consumers(name).length > 0 || this.graph.outputs.includes(name));
    if (surplus.some(read)) {
      throw notExported(node, `TFLite gives ${count} of its ${node.outputs.length} results`);
    }
    const missing = Number.isFinite(count) ? Math.max(0, count - node.outputs.length) : 0;
    return [...node.outputs.slice(0, count), ...new Array<string>(missing).fill('')];
  }

  /** A result that nobody reads. */
  #unused(node: Node, index: number): Place {
    const { shape = [], dataType } = this.tensor(node.outputs.find((name) => name !== ''));
    const isIndices = node.op === 'topk' && index === 1;
    const name = `${node.name}:${index}`;
    return this.#push({ name, dataType: isIndices ? 'int32' : dataType, shape });
  }

  #add(name: string, order: AxisOrder): Place {
    this.orders.set(name, order);
    const shape = permuted(this.shape(name), order);
    const { dataType } = this.tensor(name);
    const place = this.#push({ name, dataType, shape });
    this.#places.set(name, place);
    return place;
  }

  #push(tensor: TfLiteTensor): Place {
    const { name, shape } = tensor;
    const fits = shape.every((extent) => extent >= 0 && extent <= GREATEST_EXTENT);
    if (!fits || !Number.isSafeInteger(elementCount(shape))) {
      throw new NnMeterError(
        'E_SHAPE',
        `${quote(name)} would have the shape [${shape.join(', ')}], and TFLite has extents of 32 bits`,
      );
    }
    return this.tensors.push(tensor) - 1;
  }

  /** The node that alone reads the result of another. */
  #fusable(node: Node): Node | undefined {
    const [result] = node.outputs;
    if (result === undefined || this.graph.outputs.includes(result)) return undefined;
    const [follower, ...others] = this.graph.consumers(result);
    return others.length === 0 ? follower : undefined;
  }
}

/** How many results the operators of an op give, where it is not one. */
const RESULTS: { readonly [O in Op]?: number } = { split: Number.POSITIVE_INFINITY, topk: 2 };

const FLOATS: ReadonlySet<DataType> = new Set(['float32', 'unknown']);

function asBytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function reordered(values: readonly number[], shape: Shape, order: AxisOrder): number[] {
  return Array.from(placesInOrder(shape, order), (place) => values[place]!);
}

/** The ActivationFunctionType that a node is; 0 if it is none that TFLite's kernels fuse. */
function activationOf(node: Node): number {
  const name = rectifierOf(node);
  return name === undefined ? 0 : Math.max(0, (ACTIVATIONS as readonly string[]).indexOf(name));
}

/** The operator that a rectifier is; undefined if its bounds are others than those TFLite knows. */
export function rectifierOf(node: Node): keyof typeof RECTIFIERS | undefined {
  if (node.op !== 'relu' && node.op !== 'clip') return undefined;
  const { min = node.op === 'relu' ? 0 : undefined, max } = node.attributes;
  const names = Object.keys(RECTIFIERS) as (keyof typeof RECTIFIERS)[];
  return names.find((name) => {
    const bounds: { readonly min?: number; readonly max?: number } = RECTIFIERS[name];
    return (bounds.min ?? 0) === min && bounds.max === max;
  });
}
