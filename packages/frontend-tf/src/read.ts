import { type Graph, NnMeterError, type ReadOptions } from '@nnmeter/ir';
import type { ByteSource } from '@nnmeter/model-source';
import { decodeTensorFlow, type TensorFlowModel } from './decode.ts';
import { flattenFunctions, tensorKey } from './flatten.ts';
import { unreadResults } from './results.ts';
import { Lowering } from './to-graph.ts';
import type { SignatureDef } from './wire-types.ts';

/**
 * Reads a frozen GraphDef or the bytes of a `saved_model.pb`.
 * @throws NnMeterError saying what is wrong, where, and what to do
 */
export function readTensorFlow(bytes: Uint8Array, options: ReadOptions = {}): Graph {
  if (!(bytes instanceof Uint8Array)) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      'a TensorFlow model is read from the bytes (Uint8Array) of a GraphDef or saved_model.pb',
    );
  }
  return toGraph(bytes, options);
}

/** Reads the bytes of a model. */
export function toGraph(input: Uint8Array | ByteSource, options: ReadOptions): Graph {
  const model = decodeTensorFlow(input);
  const flat = flattenFunctions(model.graph);
  const signature = servingSignature(model);
  const { results, dropped } =
    signature === undefined
      ? unreadResults(flat)
      : { results: signature, dropped: new Map<string, number>() };
  if (results.length === 0) {
    throw new NnMeterError(
      'E_INVALID_GRAPH',
      "the model computes nothing: no node's result is left unread",
    );
  }
  const metadata = {
    format: model.metaGraph === undefined ? 'tensorflow-graphdef' : 'tensorflow-savedmodel',
    ...(model.metaGraph?.metaInfoDef?.tensorflowVersion
      ? { tensorflow: model.metaGraph.metaInfoDef.tensorflowVersion }
      : {}),
  };
  const lowering = new Lowering(flat, options);
  const left = [...dropped]
    .filter(([op]) => op !== 'NoOp')
    .map(([op, count]) => `${op} (${count})`);
  if (left.length > 0) lowering.warn(`ops that no result needs were left out: ${left.join(', ')}`);
  return lowering.run(results, options.name ?? 'model', metadata);
}

/** Results of the serving signature, or of the only one there is. */
function servingSignature(model: TensorFlowModel): readonly string[] | undefined {
  if (model.metaGraph === undefined) return undefined;
  const signatures = new Map<string, SignatureDef>();
  for (const entry of model.metaGraph.signatureDef ?? []) {
    if (entry.key && entry.key !== '__saved_model_init_op' && entry.value)
      signatures.set(entry.key, entry.value);
  }
  const signature = signatures.get('serving_default') ?? [...signatures.values()][0];
  const outputs = (signature?.outputs ?? []).flatMap(
    (output) => tensorKey(output.value?.name ?? '^') ?? [],
  );
  return outputs.length > 0 ? outputs : undefined;
}
