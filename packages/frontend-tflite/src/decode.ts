import { type DataType, elementCount, NnMeterError, quote, type Shape } from '@nnmeter/ir';
import {
  BUFFER,
  BUILTIN_OPERATORS,
  CUSTOM,
  DATA_TYPES,
  FILE_IDENTIFIER,
  MODEL,
  OPERATOR,
  OPERATOR_CODE,
  type OptionTable,
  optionTable,
  QUANTIZATION,
  SIGNATURE,
  SUBGRAPH,
  TENSOR,
  TENSOR_MAP,
} from '@nnmeter/tflite-schema';
import { FlatBuffer } from './flatbuffer.ts';
import type { Operator, Signature, StatedTensor, SubGraph, TfLiteModel } from './model.ts';
import { readOptions } from './ops/options.ts';
import type { RandomBytes } from './random-bytes.ts';
import { type Reading, whenLoaded } from './reading.ts';

/** Lists of tables may overlap; a real model has some thousand tensors. */
const MOST_TABLES = 500_000;
/** TensorFlow's own limit is 254, TFLite's kernels' 8. */
const HIGHEST_RANK = 64;
/** Of a constant's table, and of tables between which there is no weight. */
const BUFFER_TABLE_BYTES = 32;
const CLOSE_BYTES = 64 * 2 ** 10;
const NO_OPTIONS = new Uint8Array(0);
/** Custom ops state some numbers. */
const CUSTOM_OPTION_BYTES = 16 * 2 ** 10;

/** Whether the bytes begin like a TFLite model. */
export function looksLikeTfLite(head: Uint8Array): boolean {
  return [...FILE_IDENTIFIER].every((letter, index) => head[4 + index] === letter.charCodeAt(0));
}

/**
 * Decodes a model. Weights are not read.
 * @throws NnMeterError E_UNSUPPORTED_FORMAT if it is none, E_INVALID_INPUT if it is damaged, E_LIMIT if it is absurd
 */
export function decodeTfLite(bytes: RandomBytes): Reading<TfLiteModel> {
  return new Decoder(bytes).model();
}

interface OperatorCode {
  readonly op: string;
  readonly isCustom: boolean;
}

class Decoder {
  readonly #file: FlatBuffer;
  #tables = 0;

  constructor(bytes: RandomBytes) {
    this.#file = new FlatBuffer(bytes);
  }

  *model(): Reading<TfLiteModel> {
    const file = this.#file;
    const root = yield* whenLoaded(() => this.#root());
    const codes = yield* this.#list(root, MODEL.operatorCodes, (table) => this.#code(table));
    const buffers = yield* whenLoaded(() => file.tables(root, MODEL.buffers));
    yield* this.#requireBuffers(buffers);
    const subgraphs: SubGraph[] = [];
    for (const table of yield* whenLoaded(() => file.tables(root, MODEL.subgraphs))) {
      subgraphs.push(yield* this.#subgraph(table, codes, buffers));
    }
    if (subgraphs.length === 0) throw invalid('the TFLite model has no subgraph');
    const signatures = yield* this.#list(root, MODEL.signatures, (table) => this.#signature(table));
    const description = yield* whenLoaded(() => file.string(root, MODEL.description));
    return { description, subgraphs, signatures };
  }

  #root(): number {
    const { bytes } = this.#file;
    const head = Uint8Array.from({ length: Math.min(8, bytes.size) }, (_, at) => bytes.uint8(at));
    if (!looksLikeTfLite(head)) {
      throw new NnMeterError(
        'E_UNSUPPORTED_FORMAT',
        `not a TFLite model: it has no "${FILE_IDENTIFIER}" at its fifth byte`,
      );
    }
    const { root } = this.#file;
    const version = this.#file.uint32(root, MODEL.version);
    if (version === 3) return root;
    throw new NnMeterError(
      'E_UNSUPPORTED_FORMAT',
      `the TFLite model is of version ${version} of the schema; only version 3 is known`,
      { hint: 'convert it again with a TensorFlow of 2018 or later' },
    );
  }

  *#list<T>(
    table: number,
    field: number,
    decode: (table: number, index: number) => T,
  ): Reading<T[]> {
    const items: T[] = [];
    const tables = yield* whenLoaded(() => this.#file.tables(table, field));
    this.#tables += tables.length;
    if (this.#tables > MOST_TABLES) {
      throw new NnMeterError(
        'E_LIMIT',
        `the TFLite model has more than ${MOST_TABLES.toLocaleString('en')} tensors and operators; no real network does, so reading it stops here`,
      );
    }
    for (const [index, item] of tables.entries()) {
      items.push(yield* whenLoaded(() => decode(item, index)));
    }
    return items;
  }

  #code(table: number): OperatorCode {
    const file = this.#file;
    const code = Math.max(
      file.int8(table, OPERATOR_CODE.byte),
      file.int32(table, OPERATOR_CODE.builtin),
    );
    const op = BUILTIN_OPERATORS[code] ?? `BUILTIN_${code}`;
    if (op !== CUSTOM) return { op, isCustom: false };
    return { op: file.string(table, OPERATOR_CODE.custom) || CUSTOM, isCustom: true };
  }

  *#subgraph(
    table: number,
    codes: readonly OperatorCode[],
    buffers: readonly number[],
  ): Reading<SubGraph> {
    const file = this.#file;
    const inputs = yield* whenLoaded(() => file.integers(table, SUBGRAPH.inputs));
    const outputs = yield* whenLoaded(() => file.integers(table, SUBGRAPH.outputs));
    const operators = yield* this.#list(table, SUBGRAPH.operators, (operator) =>
      this.#operator(operator, codes),
    );
    const count = yield* whenLoaded(() => file.vector(table, SUBGRAPH.tensors, 4).length);
    const computed = new Uint8Array(count);
    const check = (tensor: number, reader: string) => {
      if (tensor >= 0 && tensor < count) return tensor;
      throw invalid(`${reader} names tensor ${tensor} of ${count}`);
    };
    for (const input of inputs) computed[check(input, 'an input of the TFLite model')] = 1;
    for (const output of outputs) check(output, 'a result of the TFLite model');
    for (const [index, operator] of operators.entries()) {
      const reader = `operator ${index} (${operator.op}) of the TFLite model`;
      for (const input of operator.inputs) if (input !== -1) check(input, reader);
      for (const output of operator.outputs) computed[check(output, reader)] = 1;
    }
    const tensors = yield* this.#list(table, SUBGRAPH.tensors, (tensor, index) =>
      this.#tensor(tensor, computed[index] === 1 ? undefined : buffers),
    );
    return { tensors, inputs, outputs, operators };
  }

  /** @param buffers given for a constant, whose values may matter */
  #tensor(table: number, buffers: readonly number[] | undefined): StatedTensor {
    const file = this.#file;
    const name = file.string(table, TENSOR.name);
    const shape = this.#shape(table, TENSOR.shape, name);
    const signature = this.#shape(table, TENSOR.signature, name);
    const dataType = DATA_TYPES[file.int8(table, TENSOR.type)] ?? 'unknown';
    if (shape.some((extent) => extent < 0)) {
      throw invalid(`tensor ${quote(name)} has the shape [${shape.join(', ')}]`);
    }
    const isPartial = signature.length === shape.length && signature.some((extent) => extent < 0);
    const values = buffers && this.#values(table, dataType, shape, buffers);
    return {
      name,
      dataType,
      shape,
      isRanked: shape.length > 0 || file.uint8(table, TENSOR.hasRank) !== 0,
      isConstant: buffers !== undefined,
      ...(isPartial && { signature }),
      ...(values && { values }),
    };
  }

  #shape(table: number, field: number, name: string): number[] {
    const { length } = this.#file.vector(table, field, 4);
    if (length > HIGHEST_RANK) throw invalid(`tensor ${quote(name)} has ${length} axes`);
    return this.#file.integers(table, field);
  }

  /** The values of a constant that may be a shape, an axis or a bound; quantised ones are weights. */
  #values(
    table: number,
    dataType: DataType,
    shape: Shape,
    buffers: readonly number[],
  ): readonly number[] | undefined {
    const file = this.#file;
    const number = NUMBERS[dataType];
    const count = elementCount(shape);
    if (number === undefined || count > number.most) return undefined;
    const quantization = file.table(table, TENSOR.quantization);
    if (quantization !== 0 && file.vector(quantization, QUANTIZATION.scale, 4).length > 0) {
      return undefined;
    }
    const index = file.uint32(table, TENSOR.buffer);
    const buffer = index === 0 ? undefined : buffers[index];
    if (buffer === undefined) return undefined;
    const { start, length } = this.#bufferData(buffer);
    if (length !== count * number.bytes) return undefined;
    return Array.from({ length: count }, (_, at) =>
      number.read(file.bytes, start + at * number.bytes),
    );
  }

  /** Where the bytes of a constant are: in the FlatBuffer, or, in files over 2 GB, behind it. */
  #bufferData(buffer: number): { readonly start: number; readonly length: number } {
    const file = this.#file;
    const offset = file.uint64(buffer, BUFFER.offset);
    if (offset <= 1) return file.vector(buffer, BUFFER.data, 1);
    const length = file.uint64(buffer, BUFFER.size);
    file.bytes.require(offset, length);
    return { start: offset, length };
  }

  /**
   * Notices that the end of the file is missing: looks at the constants that lie last. Those in the FlatBuffer lie behind
   * their tables, so that the last table has the last of them; where all tables lie close together, the constants lie behind
   * the FlatBuffer, and all are looked at.
   */
  *#requireBuffers(buffers: readonly number[]): Reading<void> {
    const first = buffers.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const last = buffers.reduce((a, b) => Math.max(a, b), 0);
    const areClose = last - first < CLOSE_BYTES + 2 * BUFFER_TABLE_BYTES * buffers.length;
    for (const buffer of areClose ? buffers : [last]) {
      yield* whenLoaded(() => this.#bufferData(buffer));
    }
  }

  #operator(table: number, codes: readonly OperatorCode[]): Operator {
    const file = this.#file;
    const index = file.uint32(table, OPERATOR.code);
    const code = codes[index];
    if (code === undefined) {
      throw invalid(`an operator of the TFLite model is of code ${index} of ${codes.length}`);
    }
    const options = code.isCustom ? undefined : optionTable(code.op);
    return {
      op: code.op,
      isCustom: code.isCustom,
      inputs: file.integers(table, OPERATOR.inputs),
      outputs: file.integers(table, OPERATOR.outputs),
      options: options === undefined ? {} : this.#options(table, options),
      customOptions: code.isCustom ? this.#customOptions(table) : NO_OPTIONS,
    };
  }

  #customOptions(table: number): Uint8Array {
    const { start, length } = this.#file.vector(table, OPERATOR.custom, 1);
    return this.#file.octets({ start, length: Math.min(length, CUSTOM_OPTION_BYTES) }).slice();
  }

  /** Options of another op are taken as absent, as TFLite takes them. */
  #options(table: number, { tag, union, fields }: OptionTable) {
    const file = this.#file;
    const [tagField, field] =
      union === 1
        ? [OPERATOR.optionsTag, OPERATOR.options]
        : [OPERATOR.options2Tag, OPERATOR.options2];
    const isThere = tag !== 0 && file.uint8(table, tagField) === tag;
    return readOptions(file, isThere ? file.table(table, field) : 0, fields);
  }

  #signature(table: number): Signature {
    const file = this.#file;
    const names = file.tables(table, SIGNATURE.inputs).map((input) => {
      const name = file.string(input, TENSOR_MAP.name);
      return [file.uint32(input, TENSOR_MAP.tensor), name] as const;
    });
    return {
      key: file.string(table, SIGNATURE.key),
      subgraph: file.uint32(table, SIGNATURE.subgraph),
      inputs: new Map(names),
    };
  }
}

interface NumberType {
  readonly bytes: number;
  /** How many of them may matter: lists of integers are shapes, a single real number is a bound. */
  readonly most: number;
  readonly read: (bytes: RandomBytes, position: number) => number;
}

const NUMBERS: Partial<Record<DataType, NumberType>> = {
  int32: { bytes: 4, most: 64, read: (bytes, at) => bytes.int32(at) },
  int64: { bytes: 8, most: 64, read: (bytes, at) => bytes.int64(at) },
  uint32: { bytes: 4, most: 64, read: (bytes, at) => bytes.uint32(at) },
  int16: { bytes: 2, most: 64, read: (bytes, at) => bytes.int16(at) },
  int8: { bytes: 1, most: 64, read: (bytes, at) => bytes.int8(at) },
  uint8: { bytes: 1, most: 64, read: (bytes, at) => bytes.uint8(at) },
  bool: { bytes: 1, most: 64, read: (bytes, at) => bytes.uint8(at) },
  float32: { bytes: 4, most: 1, read: (bytes, at) => bytes.float32(at) },
  float64: { bytes: 8, most: 1, read: (bytes, at) => bytes.float64(at) },
};

function invalid(problem: string): NnMeterError {
  return new NnMeterError('E_INVALID_INPUT', problem, { hint: 'convert or download it again' });
}
