import { NnMeterError } from '@nnmeter/ir';
import { type ByteSource, HEAD_BYTES } from '@nnmeter/model-source';
import { LazyReader, type MessageFields, NameTable } from '@nnmeter/model-source/protobuf';
import { fields, tensorflow } from './generated/tensorflow.ts';
import type { GraphDef, MetaGraphDef, SavedModel } from './wire-types.ts';

/** A network as TensorFlow stores it: a bare graph, or one with named signatures. */
export interface TensorFlowModel {
  readonly graph: GraphDef;
  /** Present for a SavedModel. */
  readonly metaGraph?: MetaGraphDef;
}

/** Whether the bytes start like a GraphDef (its nodes or versions come first) or a SavedModel. */
export function looksLikeTensorFlow(head: Uint8Array): boolean {
  return looksLikeGraphDef(head) || looksLikeSavedModel(head);
}

/** Field 1 of a SavedModel is its schema version, the number 1; field 2 are its graphs. */
function looksLikeSavedModel(head: Uint8Array): boolean {
  return (
    (head[0] === 0x08 && head[1] === 0x01 && head[2] === 0x12) ||
    (head[0] === 0x12 && !looksLikeGraphDef(head))
  );
}

/**
 * A GraphDef starts with a node (field 1, a message whose field 1 is its name and field 2 its op), or, when TensorFlow
 * wrote it with versions first, with field 4.
 */
function looksLikeGraphDef(head: Uint8Array): boolean {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = head[at++];
      if (byte === undefined) return Number.NaN;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    return Number.NaN;
  };
  while (head[at] === 0x22 || head[at] === 0x12) {
    at++;
    at += varint();
  }
  if (head[at++] !== 0x0a) return false;
  const end = varint() + at;
  if (head[at++] !== 0x0a) return false;
  const name = varint();
  if (!(at + name < end)) return false;
  for (const byte of head.subarray(at, at + name)) if (byte < 0x20 || byte === 0x7f) return false;
  at += name;
  return head[at] === 0x12;
}

/**
 * Decodes a frozen GraphDef or a SavedModel's `saved_model.pb`. Weights are not read.
 * @throws NnMeterError E_UNSUPPORTED_FORMAT if it is neither, E_INVALID_INPUT if it is damaged.
 */
export function decodeTensorFlow(input: Uint8Array | ByteSource): TensorFlowModel {
  const head = headOf(input);
  if (head.length === 0) throw new NnMeterError('E_INVALID_INPUT', 'the model is empty');
  if (looksLikeGraphDef(head))
    return { graph: attempt(() => tensorflow.GraphDef.decode(reader(input))) };
  if (!looksLikeSavedModel(head)) {
    throw new NnMeterError(
      'E_UNSUPPORTED_FORMAT',
      'not a TensorFlow model: it starts neither like a frozen GraphDef nor like a saved_model.pb',
    );
  }
  const saved: SavedModel = attempt(() => tensorflow.SavedModel.decode(reader(input)));
  const metaGraphs = saved.metaGraphs ?? [];
  const metaGraph =
    metaGraphs.find((meta) => meta.metaInfoDef?.tags?.includes('serve')) ?? metaGraphs[0];
  const graph = metaGraph?.graphDef;
  if (
    metaGraph === undefined ||
    graph === null ||
    graph === undefined ||
    (graph.node ?? []).length === 0
  ) {
    throw new NnMeterError('E_INVALID_INPUT', 'a SavedModel without a graph', {
      hint: 'save it with a serving signature (tf.saved_model.save, model.export)',
    });
  }
  return { graph, metaGraph };
}

/** What is read of a model that begins so. */
export function messageFields(head: Uint8Array): MessageFields {
  return looksLikeGraphDef(head) ? fields.GraphDef : fields.SavedModel;
}

function headOf(input: Uint8Array | ByteSource): Uint8Array {
  if (input instanceof Uint8Array) return input.subarray(0, HEAD_BYTES);
  const head = new Uint8Array(Math.min(HEAD_BYTES, input.size));
  return head.subarray(0, input.read(0, head));
}

function reader(input: Uint8Array | ByteSource): LazyReader {
  return new LazyReader(input, 'TensorFlow', new NameTable());
}

function attempt<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    if (cause instanceof NnMeterError) throw cause;
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `not a complete TensorFlow model: ${(cause as Error).message}`,
      { hint: 'export or download it again', cause },
    );
  }
}
