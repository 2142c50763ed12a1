import { NnMeterError } from '@nnmeter/ir';
import { type ByteSource, foreignFormatOf } from '@nnmeter/model-source';
import { ByteTable, LazyReader } from '@nnmeter/model-source/protobuf';
import { damaged } from './damaged.ts';
import { describeBytes, looksLikeOnnx } from './detect.ts';
import { onnx } from './generated/onnx.ts';
import { GraphTable, SCOPES_KEY } from './graph-table.ts';
import type { FunctionProto, OperatorSetIdProto, TensorProto, TypeProto } from './model.ts';
import { TensorForms } from './tensor-form.ts';

/** A model as inference takes it. */
export interface OnnxModel {
  readonly irVersion: number | undefined;
  readonly producerName: string;
  readonly producerVersion: string;
  readonly opsetImport: readonly OperatorSetIdProto[];
  readonly functions: readonly FunctionProto[];
  readonly graph: GraphTable | undefined;
  readonly tensorForms: TensorForms;
}

/** Longer messages are decoded without looking for equal ones; payloads of files are complete up to it. */
const SHARED_BYTES = 1024;
const MESSAGE = 2;
const VARINT = 0;

/**
 * Decodes a model without its weights.
 * @param head its first bytes
 * @throws NnMeterError E_UNSUPPORTED_FORMAT if this is not ONNX, E_INVALID_INPUT if it is damaged, E_LIMIT if it is
 * larger than any real network.
 */
export function decodeModel(input: Uint8Array | ByteSource, head: Uint8Array): OnnxModel {
  if (!looksLikeOnnx(head)) {
    throw new NnMeterError('E_UNSUPPORTED_FORMAT', `not an ONNX model: ${describeBytes(head)}`, {
      hint: foreignFormatOf(head)?.advice ?? 'give a file that an ONNX exporter wrote',
    });
  }
  const reader = new LazyReader(input, 'ONNX');
  try {
    return new Decoder(reader).model();
  } catch (cause) {
    throw damaged(cause, `at byte ${reader.pos}`);
  }
}

/** Values of messages, decoded once for all messages of the same bytes. */
class SharedMessages<T> {
  readonly bytes = new ByteTable();
  readonly values: T[] = [];
}

/** Reads the parts of a model that there are many of into lists; the decoder that protobufjs generates reads the others. */
class Decoder {
  readonly #reader: LazyReader;
  readonly #tensorForms = new TensorForms();
  readonly #attributes = new SharedMessages<number>();
  readonly #types = new SharedMessages<TypeProto>();
  readonly #opsetImport: OperatorSetIdProto[] = [];
  readonly #functions: FunctionProto[] = [];
  #irVersion: number | undefined;
  #producerName = '';
  #producerVersion = '';
  #graph: GraphTable | undefined;
  /** Of the node that is being read: op, domain, overload, and its attributes. */
  readonly #parts: number[] = [0, 0, 0];
  #name = 0;
  #scopes = '';
  /** Of the metadata that are being read. */
  #key = '';
  #type: TypeProto | undefined;
  readonly #tensor = { dataType: 0, dims: [] as number[], dataLocation: 0 };
  readonly #decodeType = (length: number): TypeProto =>
    onnx.TypeProto.decode(this.#reader, length, undefined, 3);
  readonly #decodeAttribute = (length: number): number =>
    this.#graph!.attributes.push(onnx.AttributeProto.decode(this.#reader, length, undefined, 3)) -
    1;

  constructor(reader: LazyReader) {
    this.#reader = reader;
  }

  model(): OnnxModel {
    this.#fields(this.#reader.len, 0, this.#modelField);
    return {
      irVersion: this.#irVersion,
      producerName: this.#producerName,
      producerVersion: this.#producerVersion,
      opsetImport: this.#opsetImport,
      functions: this.#functions,
      graph: this.#graph,
      tensorForms: this.#tensorForms,
    };
  }

  /** Reads the fields of a message of `length` bytes; those that `read` does not know are stepped over. */
  #fields(
    length: number,
    depth: number,
    read: (this: this, field: number, wireType: number) => boolean,
  ): void {
    const reader = this.#reader;
    const end = reader.pos + length;
    if (end > reader.len) throw new RangeError('index out of range');
    const outer = reader.len;
    reader.len = end;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (!read.call(this, tag >>> 3, tag & 7)) reader.skipType(tag & 7, depth, tag >>> 3);
    }
    if (reader.pos !== end) throw new RangeError('index out of range');
    reader.len = outer;
  }

  #modelField(field: number, wireType: number): boolean {
    const reader = this.#reader;
    if (field === 1 && wireType === VARINT) {
      this.#irVersion = reader.int64() || undefined;
      return true;
    }
    if (wireType !== MESSAGE) return false;
    switch (field) {
      case 2:
        this.#producerName = reader.string();
        return true;
      case 3:
        this.#producerVersion = reader.string();
        return true;
      case 7:
        this.#graph ??= new GraphTable(this.#tensorForms);
        this.#fields(reader.size(), 1, this.#graphField);
        return true;
      case 8:
        this.#opsetImport.push(onnx.OperatorSetIdProto.decode(reader, reader.size(), undefined, 1));
        return true;
      case 25:
        this.#functions.push(onnx.FunctionProto.decode(reader, reader.size(), undefined, 1));
        return true;
      default:
        return false;
    }
  }

  #graphField(field: number, wireType: number): boolean {
    if (wireType !== MESSAGE) return false;
    const reader = this.#reader;
    const table = this.#graph!;
    switch (field) {
      case 1:
        this.#node(table);
        return true;
      case 2:
        table.name = reader.string();
        return true;
      case 5:
        this.#initializer(table);
        return true;
      case 11:
        this.#valueInfo();
        table.inputs.push({ name: table.names.text(this.#name), type: this.#type });
        return true;
      case 12:
        this.#valueInfo();
        table.outputs.push(this.#name);
        table.declare(table.outputTypes, this.#name, this.#type);
        return true;
      case 13:
        this.#valueInfo();
        table.declare(table.valueTypes, this.#name, this.#type);
        return true;
      case 15: {
        const tensor = onnx.SparseTensorProto.decode(reader, reader.size(), undefined, 2);
        table.constants.addSparse(table.names.addText(tensor.values?.name ?? ''), tensor);
        return true;
      }
      default:
        return false;
    }
  }

  #node(table: GraphTable): void {
    const parts = this.#parts;
    parts[0] = parts[1] = parts[2] = 0;
    parts.length = 3;
    this.#name = 0;
    this.#scopes = '';
    this.#fields(this.#reader.size(), 2, this.#nodeField);
    table.endNode(this.#name, parts, this.#scopes);
  }

  #nodeField(field: number, wireType: number): boolean {
    if (wireType !== MESSAGE) return false;
    const reader = this.#reader;
    const table = this.#graph!;
    const { names } = table;
    switch (field) {
      case 1:
        table.nodeInputs.push(reader.name(names));
        return true;
      case 2:
        table.nodeOutputs.push(reader.name(names));
        return true;
      case 3:
        this.#name = reader.name(names);
        return true;
      case 4:
        this.#parts[0] = reader.name(names);
        return true;
      case 5:
        this.#parts.push(this.#shared(this.#attributes, this.#decodeAttribute));
        return true;
      case 7:
        this.#parts[1] = reader.name(names);
        return true;
      case 8:
        this.#parts[2] = reader.name(names);
        return true;
      case 9:
        this.#key = '';
        this.#fields(reader.size(), 3, this.#metadataField);
        return true;
      default:
        return false;
    }
  }

  /** Stack traces and other metadata are stepped over. */
  #metadataField(field: number, wireType: number): boolean {
    const reader = this.#reader;
    if (wireType !== MESSAGE) return false;
    if (field === 1) this.#key = reader.string();
    else if (field === 2 && this.#key === SCOPES_KEY) this.#scopes = reader.string();
    else return false;
    return true;
  }

  /** Reads a name and a type. */
  #valueInfo(): void {
    this.#name = 0;
    this.#type = undefined;
    this.#fields(this.#reader.size(), 2, this.#valueInfoField);
  }

  #valueInfoField(field: number, wireType: number): boolean {
    if (wireType !== MESSAGE) return false;
    const reader = this.#reader;
    switch (field) {
      case 1:
        this.#name = reader.name(this.#graph!.names);
        return true;
      case 2:
        this.#type = this.#shared(this.#types, this.#decodeType);
        return true;
      default:
        return false;
    }
  }

  #shared<T>({ bytes, values }: SharedMessages<T>, decode: (length: number) => T): T {
    const reader = this.#reader;
    const length = reader.size();
    if (length > SHARED_BYTES) return decode(length);
    const start = reader.pos;
    if (start + length > reader.len) throw new RangeError('index out of range');
    const number = reader.number(bytes, length);
    if (number === values.length) {
      reader.pos = start;
      values.push(decode(length));
    }
    return values[number]!;
  }

  #initializer(table: GraphTable): void {
    const reader = this.#reader;
    const length = reader.size();
    const start = reader.pos;
    const tensor = this.#tensor;
    this.#name = 0;
    tensor.dataType = 0;
    tensor.dims = [];
    tensor.dataLocation = 0;
    this.#fields(length, 2, this.#tensorField);
    table.constants.addHead(this.#name, tensor, (store): TensorProto | number => {
      reader.pos = start;
      if (length > SHARED_BYTES) return onnx.TensorProto.decode(reader, length, undefined, 2);
      const { place, bytes } = store.reserve(length);
      reader.copy(bytes);
      return place;
    });
  }

  #tensorField(field: number, wireType: number): boolean {
    const reader = this.#reader;
    const tensor = this.#tensor;
    switch (field) {
      case 1:
        if (wireType === MESSAGE) reader.int64s(tensor.dims);
        else if (wireType === VARINT) tensor.dims.push(reader.int64());
        else return false;
        return true;
      case 2:
        if (wireType !== VARINT) return false;
        tensor.dataType = reader.int32();
        return true;
      case 8:
        if (wireType !== MESSAGE) return false;
        this.#name = reader.name(this.#graph!.names);
        return true;
      case 14:
        if (wireType !== VARINT) return false;
        tensor.dataLocation = reader.int32();
        return true;
      default:
        if (wireType !== MESSAGE) return false;
        reader.skipPayload();
        return true;
    }
  }
}
