import { type Graph, NnMeterError, type ReadOptions, type Shape } from '@nnmeter/ir';
import { HEAD_BYTES } from '@nnmeter/model-source';
import { decodeModel, type OnnxModel } from './decode.ts';
import { noExternalData, valueReader } from './external-data.ts';
import { graphTable } from './graph-table.ts';
import { type ModelProto, toNumber } from './model.ts';
import { TensorForms } from './tensor-form.ts';
import { inferShapes, toGraph } from './to-graph.ts';

/**
 * Reads an ONNX model from its bytes, or from a ModelProto object as onnx-proto decodes it. Weights are not touched.
 * @throws NnMeterError E_UNSUPPORTED_FORMAT (not ONNX), E_INVALID_INPUT (damaged), E_INVALID_GRAPH (e.g. a cycle),
 * E_SHAPE (shapes that do not fit), E_MISSING_DIMENSION (an input's shape must be given), E_LIMIT, E_FILE (a shape
 * depends on external data).
 */
export function readOnnx(
  model: Uint8Array | ArrayBuffer | ModelProto,
  options: ReadOptions = {},
): Graph {
  return toGraph(asModel(model), options, valueReader(noExternalData));
}

/** Shapes of all tensors of the main graph by name, also of those that the graph folds away; unknown ones are left out. */
export function inferOnnxShapes(
  model: Uint8Array | ArrayBuffer | ModelProto,
  options: ReadOptions = {},
): Map<string, Shape> {
  return inferShapes(asModel(model), options, valueReader(noExternalData));
}

function asModel(model: unknown): OnnxModel {
  const bytes = model instanceof ArrayBuffer ? new Uint8Array(model) : model;
  if (bytes instanceof Uint8Array) return decodeModel(bytes, bytes.subarray(0, HEAD_BYTES));
  if (typeof model === 'object' && model !== null && 'graph' in model)
    return fromObject(model as ModelProto);
  throw new NnMeterError(
    'E_INVALID_INPUT',
    'not an ONNX model: give the bytes of a file or a ModelProto object',
  );
}

function fromObject(model: ModelProto): OnnxModel {
  const tensorForms = new TensorForms();
  return {
    irVersion: model.irVersion == null ? undefined : toNumber(model.irVersion),
    producerName: model.producerName ?? '',
    producerVersion: model.producerVersion ?? '',
    opsetImport: model.opsetImport ?? [],
    functions: model.functions ?? [],
    graph: model.graph == null ? undefined : graphTable(model.graph, tensorForms),
    tensorForms,
  };
}
