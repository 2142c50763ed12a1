import { foreignFormatOf } from '@nnmeter/model-source';

/** Wire types of the top-level ModelProto fields: 0 is a varint, 2 is length-delimited. */
const MODEL_FIELDS: Readonly<Record<number, number>> = {
  1: 0, // ir_version
  2: 2, // producer_name
  3: 2, // producer_version
  4: 2, // domain
  5: 0, // model_version
  6: 2, // doc_string
  7: 2, // graph
  8: 2, // opset_import
  14: 2, // metadata_props
  20: 2, // training_info
  25: 2, // functions
  26: 2, // configuration
};
const GRAPH_FIELD = 7;
/** Fields that may be longer than the head; a TensorFlow SavedModel, which begins alike, does not have them. */
const LONG_FIELDS = new Set([6, 14, 20, 25]);
/** node, name, initializer, doc_string, input, output, value_info, quantization, sparse initializers, metadata. */
const GRAPH_FIELDS = new Set([1, 2, 5, 10, 11, 12, 13, 14, 15, 16]);

/**
 * Whether bytes look like the beginning of an ONNX model: only ModelProto fields, and a graph that begins with a
 * GraphProto field unless something long comes first. Decided by content, never by file name.
 */
export function looksLikeOnnx(head: Uint8Array): boolean {
  let position = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; position < head.length && scale < 2 ** 70; scale *= 128) {
      const byte = head[position++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return -1;
  };
  while (position < head.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    if (MODEL_FIELDS[field] !== tag % 8) return false;
    const value = varint();
    if (value < 0) return false;
    if (field === GRAPH_FIELD) return position < head.length && isGraphField(head[position]!);
    if (tag % 8 === 2) position += value;
    if (position > head.length) return LONG_FIELDS.has(field);
  }
  return false;
}

/** Whether an object is an ONNX model as protobufjs or this package decodes it. */
export function looksLikeModelProto(object: object): boolean {
  return 'graph' in object && ('opsetImport' in object || 'irVersion' in object);
}

function isGraphField(tag: number): boolean {
  return (tag & 7) === 2 && GRAPH_FIELDS.has(tag >> 3);
}

/** Says in words what bytes that are not ONNX seem to be. */
export function describeBytes(head: Uint8Array): string {
  if (head.length === 0) return 'it is empty';
  const foreign = foreignFormatOf(head);
  if (foreign !== undefined) return `it looks like ${foreign.what}`;
  const text = String.fromCharCode(...head.subarray(0, 32));
  const known = OTHERS.find(([signature]) => signature.test(text));
  if (known !== undefined) return `it looks like ${known[1]}`;
  const bytes = [...head.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0'));
  return `its ${head.length < 8 ? 'only' : 'first'} bytes are ${bytes.join(' ')}`;
}

/** What may be a model of another format that is read. */
const OTHERS: readonly (readonly [signature: RegExp, name: string])[] = [
  [/^.{4}TFL3/s, 'a TensorFlow Lite model'],
  [/^PK/, 'a ZIP archive'],
  [/^</, 'a web page or XML'],
  [/^\{/, 'JSON'],
];
