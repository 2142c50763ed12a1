import { type Graph, NnMeterError, quote, type ReadOptions } from '@nnmeter/ir';
import type { ByteSource } from '@nnmeter/model-source';
import { decodeTensorFlow, type TensorFlowModel } from './decode.ts';
import { FlatGraph, tensorKey } from './flatten.ts';
import { placeholdersOf, unreadResults } from './results.ts';
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
  const signature = signatureResults(model, options.signature);
  const flat = new FlatGraph(model.graph);
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
  const lowering = new Lowering(flat, placeholdersOf(flat, results), options);
  const left = [...dropped]
    .filter(([op]) => op !== 'NoOp')
    .map(([op, count]) => `${op} (${count})`);
  if (left.length > 0) lowering.warn(`ops that no result needs were left out: ${left.join(', ')}`);
  return lowering.run(results, options.name ?? 'model', metadata);
}

/**
 * Results of the wanted signature: the one asked for, that for serving, or the only one. Undefined for a frozen graph.
 * @throws NnMeterError E_INVALID_INPUT listing the signatures if it is not there or none is meant
 */
function signatureResults(
  { metaGraph }: TensorFlowModel,
  wanted: string | undefined,
): readonly string[] | undefined {
  const signatures = new Map<string, SignatureDef>();
  for (const { key, value } of metaGraph?.signatureDef ?? [])
    if (key && value && !key.startsWith('__saved_model_')) signatures.set(key, value);
  const only = signatures.size === 1 ? [...signatures.keys()][0] : undefined;
  const name = wanted ?? (signatures.has('serving_default') ? 'serving_default' : only);
  const signature = signatures.get(name ?? '');
  if (signature === undefined && (wanted !== undefined || signatures.size > 0)) {
    const listed = [...signatures.keys()].map(quote).join(', ');
    throw new NnMeterError(
      'E_INVALID_INPUT',
      wanted === undefined
        ? `the model has several signatures and none is "serving_default": ${listed}`
        : `there is no signature ${quote(wanted)}: ${listed === '' ? 'the model has none' : `the model has ${listed}`}`,
      signatures.size === 0
        ? {}
        : {
            hint: {
              text: "name one with the option 'signature'",
              signatures: [...signatures.keys()],
            },
          },
    );
  }
  const outputs = (signature?.outputs ?? []).flatMap(
    (output) => tensorKey(output.value?.name ?? '^') ?? [],
  );
  return outputs.length > 0 ? outputs : undefined;
}
