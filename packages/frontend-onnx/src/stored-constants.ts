import { isShort } from '@nnmeter/constants';
import { LazyReader } from '@nnmeter/model-source/protobuf';
import { damaged } from './damaged.ts';
import { dataTypeOf } from './data-types.ts';
import { onnx } from './generated/onnx.ts';
import { IntList } from './int-list.ts';
import { MessageStore } from './message-store.ts';
import { type SparseTensorProto, type TensorProto, toNumber } from './model.ts';
import type { TensorForm, TensorForms } from './tensor-form.ts';
import { EXTERNAL } from './tensor-values.ts';

/**
 * The constants stored with a graph, by their position. A model may have millions, of which few matter: weights are a name
 * and a form, and the messages of small ones are decoded when their values are asked for.
 */
export class StoredConstants {
  /** Numbers in the graph's table. */
  readonly names = new IntList();
  readonly forms: TensorForm[] = [];
  /** Positions of small ones whose values lie in another file. */
  readonly external: number[] = [];
  readonly #messages: (TensorProto | number | undefined)[] = [];
  readonly #store = new MessageStore();
  readonly #tensorForms: TensorForms;

  constructor(tensorForms: TensorForms) {
    this.#tensorForms = tensorForms;
  }

  /** Adds a tensor. `dims` of a sparse one are those of the whole; its values are not used. */
  add(name: number, tensor: TensorProto, dims = tensor.dims, isSparse = false): void {
    const shape = (dims ?? []).map(toNumber);
    this.#add(name, tensor.dataType, shape, isSparse ? undefined : tensor, tensor.dataLocation);
  }

  addSparse(name: number, { values, dims }: SparseTensorProto): void {
    if (values != null) this.add(name, values, dims, true);
  }

  /** Adds a tensor of which only the head was read; `message` reads all of it if it is small. */
  addHead(
    name: number,
    { dataType, dims, dataLocation }: TensorHead,
    message: (store: MessageStore) => TensorProto | number,
  ): void {
    this.#add(name, dataType, dims, isShort(dims) ? message(this.#store) : undefined, dataLocation);
  }

  #add(
    name: number,
    dataType: TensorProto['dataType'],
    shape: readonly number[],
    message: TensorProto | number | undefined,
    dataLocation: TensorProto['dataLocation'],
  ): void {
    const isSmall = message !== undefined && isShort(shape);
    if (isSmall && dataLocation === EXTERNAL) this.external.push(this.names.length);
    this.names.push(name);
    this.forms.push(this.#tensorForms.of('constant', dataTypeOf(dataType), shape));
    this.#messages.push(isSmall ? message : undefined);
  }

  /** Whether its values may be asked for: not those of weights and of sparse tensors. */
  isSmall(position: number): boolean {
    return this.#messages[position] !== undefined;
  }

  #decode(message: number): TensorProto {
    try {
      return onnx.TensorProto.decode(new LazyReader(this.#store.at(message), 'ONNX'));
    } catch (cause) {
      throw damaged(cause, 'in a stored constant');
    }
  }

  /** The message of a constant, always the same object if its values lie in another file; undefined for weights and sparse ones, whose values are not used. */
  tensor(position: number): TensorProto | undefined {
    const message = this.#messages[position];
    if (typeof message !== 'number') return message;
    const tensor = this.#decode(message);
    if (tensor.dataLocation === EXTERNAL) this.#messages[position] = tensor;
    return tensor;
  }
}

export interface TensorHead {
  readonly dataType: number;
  readonly dims: readonly number[];
  readonly dataLocation: number;
}
