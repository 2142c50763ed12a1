import { type Graph, NnMeterError, quote, type ReadOptions } from '@nnmeter/ir';
import type { ByteSource } from '@nnmeter/model-source';
import { decodeTensorFlow, type TensorFlowModel } from './decode.ts';
import { FlatGraph, tensorKey } from './flatten.ts';
import { placeholdersOf, unreadResults } from './results.ts';
import { Lowering } from './to-graph.ts';
import type { SignatureDef } from './wire-types.ts';

const FOR_SERVING = 'serving_default';

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
  const signatures = signaturesOf(model);
  const signature = chooseSignature([...signatures.keys()], options.signature);
  const flat = new FlatGraph(model.graph);
  const stated = resultsOf(signatures.get(signature ?? ''));
  const { results, dropped } =
    stated.length === 0
      ? unreadResults(flat)
      : { results: stated, dropped: new Map<string, number>() };
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
  const name = options.name ?? 'model';
  return lowering.run(results, { name, metadata, signatures: [...signatures.keys()], signature });
}

/** By their names; a frozen graph has none. */
function signaturesOf({ metaGraph }: TensorFlowModel): ReadonlyMap<string, SignatureDef> {
  const signatures = new Map<string, SignatureDef>();
  for (const { key, value } of metaGraph?.signatureDef ?? [])
    if (key && value && !key.startsWith('__saved_model_')) signatures.set(key, value);
  return signatures;
}

/**
 * The signature asked for, that for serving, or the only one; undefined if there is none.
 * @throws NnMeterError E_INVALID_INPUT listing the signatures if it is not there or none is meant
 */
function chooseSignature(
  signatures: readonly string[],
  wanted: string | undefined,
): string | undefined {
  const chosen =
    wanted ??
    (signatures.length === 1 ? signatures[0] : signatures.find((name) => name === FOR_SERVING));
  if (chosen === undefined ? signatures.length === 0 : signatures.includes(chosen)) return chosen;
  const listed = signatures.map(quote).join(', ');
  throw new NnMeterError(
    'E_INVALID_INPUT',
    wanted === undefined
      ? `the model has several signatures and none is "${FOR_SERVING}": ${listed}`
      : `there is no signature ${quote(wanted)}: ${listed === '' ? 'the model has none' : `the model has ${listed}`}`,
    signatures.length === 0
      ? {}
      : { hint: { text: "name one with the option 'signature'", signatures } },
  );
}

/** Keys of what a signature states as its results. */
function resultsOf(signature: SignatureDef | undefined): readonly string[] {
  return (signature?.outputs ?? []).flatMap((output) => tensorKey(output.value?.name ?? '^') ?? []);
}
