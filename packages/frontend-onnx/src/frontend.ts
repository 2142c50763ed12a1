import type { Graph, ReadOptions } from '@nnmeter/ir';
import { type Frontend, type ModelSource, openModel, readModel } from '@nnmeter/model-source';
import { protobufBytes } from '@nnmeter/model-source/protobuf';
import { decodeModel } from './decode.ts';
import { looksLikeModelProto, looksLikeOnnx } from './detect.ts';
import { loadExternalData, valueReader } from './external-data.ts';
import { facts } from './generated/facts.ts';
import { fields } from './generated/onnx.ts';
import type { ModelProto } from './model.ts';
import { readOnnx } from './read-onnx.ts';
import { toGraph } from './to-graph.ts';

/** Finds and reads ONNX models. Weights are stepped over, so that memory and time do not depend on their size. */
export const frontend: Frontend = {
  ...facts,
  matches: (head) => (looksLikeOnnx(head) ? 0.7 : 0),
  read,
  matchesObject: (object) => (looksLikeModelProto(object) ? 0.7 : 0),
  fromObject: (model, options) => readOnnx(model as ModelProto, options),
};

async function read(source: ModelSource, options: ReadOptions): Promise<Graph> {
  const model = decodeModel(await protobufBytes(source, fields.ModelProto), source.head);
  const name = source.name.replace(/\.onnx$/i, '');
  const readExternal = await loadExternalData(model, source);
  return toGraph(model, { ...(name && { name }), ...options }, valueReader(readExternal));
}

/**
 * Reads an ONNX model from a path; needs Node. The graph is named after the file unless a name is given.
 * @throws NnMeterError as `readOnnx`, and E_FILE if the file cannot be read.
 */
export async function readOnnxFile(path: string, options: ReadOptions = {}): Promise<Graph> {
  return readModel(await openModel(path), frontend, options);
}
