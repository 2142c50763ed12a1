import {
  type DataType,
  isDataType,
  type Layout,
  NnMeterError,
  quote,
  type Shape,
  type StatedShape,
  type Tensor,
  type TensorKind,
  UniqueNames,
} from '@nnmeter/ir';
import type { RawShape } from './format.ts';

/** Longer lists are weights, whose values nobody needs. */
export const MAX_VALUES = 64;

/** The tensors of a network while it is read. */
export class TensorTable {
  readonly #tensors = new Map<string, Tensor>();
  readonly #names = new UniqueNames((name) => this.#tensors.has(name));
  /** How many shapes had no batch. */
  unknownBatches = 0;
  readonly #leastExtent: number;

  /** @param zeroIsOpen whether 0 is an extent that the file leaves open */
  constructor(zeroIsOpen: boolean) {
    this.#leastExtent = zeroIsOpen ? 1 : 0;
  }

  get(name: string): Tensor | undefined {
    return this.#tensors.get(name);
  }

  values(): Iterable<Tensor> {
    return this.#tensors.values();
  }

  /** An input or a result. */
  add(kind: TensorKind, name: string, shape: Shape | undefined, type?: string): void {
    if (this.#tensors.has(name)) {
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `nn-Meter IR: the name ${quote(name)} means two tensors; rename the node`,
      );
    }
    this.#tensors.set(name, makeTensor(name, kind, toDataType(type), shape));
  }

  /** Gives a result its shape if it has none. */
  settleShape(name: string, shape: Shape | undefined): void {
    const tensor = this.#tensors.get(name);
    if (tensor !== undefined && tensor.shape === undefined) {
      this.#tensors.set(name, makeTensor(name, tensor.kind, tensor.dataType, shape));
    }
  }

  /** A constant with a name in the file. */
  addConstant(
    name: string,
    constant: {
      readonly shape?: Shape | undefined;
      readonly layout?: Layout;
      readonly type?: string | undefined;
      readonly values?: number | readonly number[] | undefined;
    },
  ): string {
    const { shape, layout, type, values } = constant;
    const list = typeof values === 'number' ? [values] : values;
    const tensor: { -readonly [K in keyof Tensor]: Tensor[K] } = {
      name,
      kind: 'constant',
      dataType: toDataType(type),
    };
    if (shape !== undefined) tensor.shape = shape;
    if (layout !== undefined) tensor.layout = layout;
    if (list !== undefined && list.length <= MAX_VALUES) tensor.values = list;
    this.#tensors.set(name, tensor);
    return name;
  }

  /** A name no tensor has yet: the wanted one where possible, else with a running number. */
  freeName(wanted: string): string {
    return this.#names.take(wanted);
  }

  /** Turns the result of a node that is folded away into a constant. */
  fold(name: string, values: readonly number[] | undefined): void {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) return;
    const shape = tensor.shape ?? (values && [values.length]);
    this.addConstant(name, { shape, type: tensor.dataType, values });
  }

  /** A shape with every extent known but perhaps the batch (null, -1), which is then 1; undefined if another extent is unknown. */
  shape(raw: unknown): Shape | undefined {
    if (!Array.isArray(raw)) return undefined;
    const shape = raw as RawShape;
    for (let axis = 1; axis < shape.length; axis++) {
      if (!this.#isKnown(shape[axis])) return undefined;
    }
    if (shape.length === 0 || this.#isKnown(shape[0])) return shape as Shape;
    this.unknownBatches++;
    return [1, ...shape.slice(1)] as Shape;
  }

  /** The extents of a shape, undefined where the file leaves them open. */
  extents(raw: RawShape): StatedShape {
    return raw.map((extent) => (this.#isKnown(extent) ? (extent as number) : undefined));
  }

  #isKnown(extent: RawShape[number] | undefined): boolean {
    return typeof extent === 'number' && extent >= this.#leastExtent;
  }
}

/** Written out by case: this runs for every tensor of every network of a data set. */
function makeTensor(
  name: string,
  kind: TensorKind,
  dataType: DataType,
  shape: Shape | undefined,
): Tensor {
  if (shape === undefined) return { name, kind, dataType };
  return shape.length === 4
    ? { name, kind, dataType, shape, layout: 'NHWC' }
    : { name, kind, dataType, shape };
}

function toDataType(name: string | undefined): DataType {
  return name !== undefined && isDataType(name) ? name : 'unknown';
}
