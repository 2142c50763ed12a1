import { type DataType, NnMeterError, type Shape } from '@nnmeter/ir';
import protobuf from 'protobufjs/minimal.js';

/** The value of an ONNX attribute; numbers alone would not say whether they are integers. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly tensor: OnnxTensor };

export interface OnnxNode {
  readonly opType: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxValue {
  readonly name: string;
  readonly shape: Shape;
  readonly dataType: DataType;
}

/** A tensor with its bytes inside the model, made when they are written, or at a place in another file. */
export interface OnnxTensor extends OnnxValue {
  readonly content:
    | Uint8Array
    | (() => Uint8Array)
    | { readonly file: string; readonly offset: number; readonly length: number };
}

export interface OnnxModel {
  readonly name: string;
  readonly opset: number;
  readonly irVersion: number;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly valueInfo: readonly OnnxValue[];
}

/** TensorProto.DataType of the ONNX specification. */
const ELEMENT_TYPES: Readonly<Partial<Record<DataType, number>>> = {
  float32: 1,
  unknown: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  complex64: 14,
  complex128: 15,
  bfloat16: 16,
  float8: 17,
  uint4: 21,
  int4: 22,
};

export function elementType(dataType: DataType): number {
  return ELEMENT_TYPES[dataType]!;
}

/** Field numbers below are those of onnx.proto3. */
const VARINT = 0;
const FIXED32 = 5;
const BYTES = 2;

type Body = (writer: protobuf.Writer) => void;

const tag = (field: number, wireType: number): number => (field << 3) | wireType;

function text(writer: protobuf.Writer, field: number, value: string): void {
  if (value !== '') writer.uint32(tag(field, BYTES)).string(value);
}

function integer(writer: protobuf.Writer, field: number, value: number): void {
  if (!Number.isSafeInteger(value)) {
    throw new NnMeterError('E_SHAPE', `${value} stands where ONNX wants an integer`);
  }
  writer.uint32(tag(field, VARINT)).int64(value);
}

function message(writer: protobuf.Writer, field: number, body: Body): void {
  writer.uint32(tag(field, BYTES)).fork();
  body(writer);
  writer.ldelim();
}

/** The bytes of a ModelProto. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const writer = protobuf.Writer.create();
  integer(writer, 1, model.irVersion);
  text(writer, 2, '@nnmeter/export-onnx');
  message(writer, 7, (graph) => encodeGraph(graph, model));
  message(writer, 8, (opset) => integer(opset, 2, model.opset));
  return writer.finish();
}

function encodeGraph(writer: protobuf.Writer, model: OnnxModel): void {
  for (const node of model.nodes) message(writer, 1, (body) => encodeNode(body, node));
  text(writer, 2, model.name || 'model');
  for (const tensor of model.initializers) message(writer, 5, (body) => encodeTensor(body, tensor));
  for (const [field, values] of [
    [11, model.inputs],
    [12, model.outputs],
    [13, model.valueInfo],
  ] as const) {
    for (const value of values) message(writer, field, (body) => encodeValue(body, value));
  }
}

function encodeNode(writer: protobuf.Writer, node: OnnxNode): void {
  for (const input of node.inputs) writer.uint32(tag(1, BYTES)).string(input);
  for (const output of node.outputs) writer.uint32(tag(2, BYTES)).string(output);
  text(writer, 3, node.name);
  text(writer, 4, node.opType);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    message(writer, 5, (body) => encodeAttribute(body, name, attribute));
  }
}

function encodeAttribute(writer: protobuf.Writer, name: string, attribute: OnnxAttribute): void {
  text(writer, 1, name);
  if ('float' in attribute) {
    writer.uint32(tag(2, FIXED32)).float(attribute.float);
    integer(writer, 20, 1);
  } else if ('int' in attribute) {
    integer(writer, 3, attribute.int);
    integer(writer, 20, 2);
  } else if ('string' in attribute) {
    writer.uint32(tag(4, BYTES)).bytes(new TextEncoder().encode(attribute.string));
    integer(writer, 20, 3);
  } else if ('tensor' in attribute) {
    message(writer, 5, (body) => encodeTensor(body, attribute.tensor));
    integer(writer, 20, 4);
  } else {
    for (const value of attribute.ints) integer(writer, 8, value);
    integer(writer, 20, 7);
  }
}

function encodeTensor(writer: protobuf.Writer, tensor: OnnxTensor): void {
  for (const extent of tensor.shape) integer(writer, 1, extent);
  integer(writer, 2, elementType(tensor.dataType));
  text(writer, 8, tensor.name);
  const content = typeof tensor.content === 'function' ? tensor.content() : tensor.content;
  if (content instanceof Uint8Array) {
    writer.uint32(tag(9, BYTES)).bytes(content);
    return;
  }
  const entries = { location: content.file, offset: content.offset, length: content.length };
  for (const [key, value] of Object.entries(entries)) {
    message(writer, 13, (entry) => {
      text(entry, 1, key);
      text(entry, 2, String(value));
    });
  }
  integer(writer, 14, 1);
}

function encodeValue(writer: protobuf.Writer, value: OnnxValue): void {
  text(writer, 1, value.name);
  message(writer, 2, (type) =>
    message(type, 1, (tensorType) => {
      integer(tensorType, 1, elementType(value.dataType));
      message(tensorType, 2, (shape) => {
        for (const extent of value.shape) message(shape, 1, (axis) => integer(axis, 1, extent));
      });
    }),
  );
}
