import {
  bytesPerElement,
  type DataType,
  elementCount,
  NnMeterError,
  type Shape,
} from '@nnmeter/ir';
import {
  BUFFER,
  BUILTIN_OPERATORS,
  DATA_TYPES,
  FILE_IDENTIFIER,
  MODEL,
  OLDEST_VERSIONS,
  OPERATOR,
  OPERATOR_CODE,
  optionTable,
  SCHEMA_VERSION,
  SUBGRAPH,
  TENSOR,
} from '@nnmeter/tflite-schema';
import { Builder } from 'flatbuffers';

/** A tensor of the file. */
export interface TfLiteTensor {
  readonly name: string;
  readonly dataType: DataType;
  readonly shape: Shape;
  /** The bytes of a constant, made when they are written; `zeros` takes hardly any space. */
  readonly content?: 'zeros' | (() => Uint8Array);
}

export type OptionValue = number | boolean | readonly number[];

/** An operator; tensors go by their places in the list, -1 is an omitted one. */
export interface TfLiteOperator {
  readonly op: string;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: Readonly<Record<string, OptionValue>>;
}

export interface TfLiteFile {
  readonly name: string;
  readonly tensors: readonly TfLiteTensor[];
  readonly operators: readonly TfLiteOperator[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** Offsets in a FlatBuffer are signed numbers of 32 bits. */
const MOST_BYTES = 2 ** 31 - 1;
/** Of constants, as the schema demands. */
const ALIGNMENT = 16;
/** Tables and names of one tensor or operator. */
const TABLE_BYTES = 512;
/** The old code of an operator is a byte; greater ones are only in the new field. */
const GREATEST_BYTE_CODE = 127;

/**
 * The bytes of a TFLite file.
 * @throws NnMeterError E_LIMIT if it would be larger than 2 GB
 */
export function encodeTfLite(file: TfLiteFile): Uint8Array {
  const { tensors, operators } = file;
  const estimated = storedBytes(tensors) + TABLE_BYTES * (tensors.length + operators.length + 2);
  if (estimated > MOST_BYTES) {
    throw new NnMeterError(
      'E_LIMIT',
      `the weights of ${file.name} take ${(estimated / 1e9).toFixed(1)} GB; a TFLite file holds at most 2 GB`,
      { hint: "export it with weights: 'zero', whose constants share their bytes, or as ONNX" },
    );
  }
  return new FileWriter(estimated).write(file);
}

function storedBytes(tensors: readonly TfLiteTensor[]): number {
  let bytes = 0;
  const shared = new Set<number>();
  for (const { content, shape, dataType } of tensors) {
    if (content === undefined) continue;
    const size = Math.ceil(elementCount(shape) * bytesPerElement(dataType));
    if (content === 'zeros' && shared.has(size)) continue;
    if (content === 'zeros') shared.add(size);
    bytes += size + ALIGNMENT;
  }
  return bytes;
}

type Field = (builder: Builder) => void;

class FileWriter {
  readonly #builder: Builder;
  readonly #buffers: number[] = [];
  /** By size: buffers of zeros. */
  readonly #zeros = new Map<number, number>();

  constructor(size: number) {
    this.#builder = new Builder(size);
  }

  write(file: TfLiteFile): Uint8Array {
    const builder = this.#builder;
    // The first buffer is that of tensors without content.
    this.#buffers.push(this.#table([]));
    const tensors = this.#offsets(file.tensors.map((tensor) => this.#tensor(tensor)));
    const ops = [...new Set(file.operators.map(({ op }) => op))];
    const operators = this.#offsets(
      file.operators.map((operator) => this.#operator(operator, ops.indexOf(operator.op))),
    );
    const inputs = this.#integers(file.inputs);
    const outputs = this.#integers(file.outputs);
    const subgraph = this.#table([
      offset(SUBGRAPH.tensors, tensors),
      offset(SUBGRAPH.inputs, inputs),
      offset(SUBGRAPH.outputs, outputs),
      offset(SUBGRAPH.operators, operators),
    ]);
    const codes = this.#offsets(ops.map((op) => this.#operatorCode(op)));
    const subgraphs = this.#offsets([subgraph]);
    const buffers = this.#offsets(this.#buffers);
    const description = builder.createString(file.name);
    const root = this.#table([
      integer(MODEL.version, SCHEMA_VERSION),
      offset(MODEL.operatorCodes, codes),
      offset(MODEL.subgraphs, subgraphs),
      offset(MODEL.description, description),
      offset(MODEL.buffers, buffers),
    ]);
    builder.finish(root, FILE_IDENTIFIER);
    return builder.asUint8Array();
  }

  #operatorCode(op: string): number {
    const code = BUILTIN_OPERATORS.indexOf(op);
    return this.#table([
      byte(OPERATOR_CODE.byte, Math.min(code, GREATEST_BYTE_CODE)),
      integer(OPERATOR_CODE.version, OLDEST_VERSIONS[op] ?? 1, 1),
      integer(OPERATOR_CODE.builtin, code),
    ]);
  }

  #tensor(tensor: TfLiteTensor): number {
    const buffer = this.#buffer(tensor);
    const shape = this.#integers(tensor.shape);
    const name = this.#builder.createString(tensor.name);
    return this.#table([
      offset(TENSOR.shape, shape),
      byte(TENSOR.type, DATA_TYPES.indexOf(tensor.dataType)),
      integer(TENSOR.buffer, buffer),
      offset(TENSOR.name, name),
      byte(TENSOR.hasRank, 1),
    ]);
  }

  /** @returns its place in the list of buffers */
  #buffer({ content, shape, dataType }: TfLiteTensor): number {
    if (content === undefined) return 0;
    const size = Math.ceil(elementCount(shape) * bytesPerElement(dataType));
    const shared = content === 'zeros' ? this.#zeros.get(size) : undefined;
    if (shared !== undefined) return shared;
    const builder = this.#builder;
    const bytes = content === 'zeros' ? new Uint8Array(size) : content();
    builder.prep(ALIGNMENT, bytes.length);
    const data = builder.createByteVector(bytes);
    const place = this.#buffers.push(this.#table([offset(BUFFER.data, data)])) - 1;
    if (content === 'zeros') this.#zeros.set(size, place);
    return place;
  }

  #operator({ op, inputs, outputs, options }: TfLiteOperator, code: number): number {
    const operands = this.#integers(inputs);
    const results = this.#integers(outputs);
    return this.#table([
      integer(OPERATOR.code, code),
      offset(OPERATOR.inputs, operands),
      offset(OPERATOR.outputs, results),
      ...this.#options(op, options),
    ]);
  }

  #options(op: string, values: Readonly<Record<string, OptionValue>>): Field[] {
    const table = optionTable(op);
    if (table === undefined) return [];
    const fields = Object.entries(table.fields).flatMap(([name, { kind, field, fallback }]) => {
      const value = values[name];
      if (value === undefined) return [];
      if (typeof value === 'object') return [offset(field, this.#integers(value))];
      const number = Number(value);
      if (kind === 'float32') return [real(field, number, fallback)];
      const write = kind === 'int8' || kind === 'flag' ? byte : integer;
      return [write(field, number, fallback)];
    });
    const written = this.#table(fields);
    return table.union === 1
      ? [byte(OPERATOR.optionsTag, table.tag), offset(OPERATOR.options, written)]
      : [byte(OPERATOR.options2Tag, table.tag), offset(OPERATOR.options2, written)];
  }

  #table(fields: readonly Field[]): number {
    this.#builder.startObject(MOST_FIELDS);
    for (const write of fields) write(this.#builder);
    return this.#builder.endObject();
  }

  #offsets(offsets: readonly number[]): number {
    this.#builder.startVector(4, offsets.length, 4);
    for (const each of offsets.toReversed()) this.#builder.addOffset(each);
    return this.#builder.endVector();
  }

  #integers(values: readonly number[]): number {
    this.#builder.startVector(4, values.length, 4);
    for (const value of values.toReversed()) this.#builder.addInt32(value);
    return this.#builder.endVector();
  }
}

/** More than any table of the schema has; unused ones at the end are not written. */
const MOST_FIELDS = 16;

function byte(field: number, value: number, fallback = 0): Field {
  return (builder) => builder.addFieldInt8(field, value, fallback);
}

function integer(field: number, value: number, fallback = 0): Field {
  return (builder) => builder.addFieldInt32(field, value, fallback);
}

function real(field: number, value: number, fallback: number): Field {
  return (builder) => builder.addFieldFloat32(field, value, fallback);
}

function offset(field: number, place: number): Field {
  return (builder) => builder.addFieldOffset(field, place, 0);
}
