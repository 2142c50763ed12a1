import { mostElements } from '@nnmeter/constants';
import { bytesPerElement, elementCount, NnMeterError, quote } from '@nnmeter/ir';
import type { ModelSource } from '@nnmeter/model-source';
import { dataTypeOf } from './data-types.ts';
import type { OnnxModel } from './decode.ts';
import { Unread } from './entry.ts';
import { type GraphProto, type NodeProto, type TensorProto, toNumber } from './model.ts';
import type { ReadValues } from './tensor-table.ts';
import { decodeElements, EXTERNAL, tensorValues } from './tensor-values.ts';

/** The bytes of a tensor that lie in a file beside the model, or why they cannot be had. */
export type ReadExternal = (tensor: TensorProto) => Uint8Array | string;

/** Finds values of small constants in the model or in external data. */
export function valueReader(readExternal: ReadExternal): ReadValues {
  return (tensor, count) => {
    if (tensor.dataLocation !== EXTERNAL) return tensorValues(tensor, count);
    if (count > mostElements) return undefined;
    const bytes = readExternal(tensor);
    if (bytes instanceof Uint8Array)
      return decodeElements(bytes, dataTypeOf(tensor.dataType), count);
    return new Unread(
      `a shape depends on the values of ${quote(tensor.name ?? '')}, which lie in the external data file ${quote(placeOf(tensor).location)}: ${bytes}`,
    );
  };
}

/** For models that are given as bytes. */
export const noExternalData: ReadExternal = () =>
  'only the bytes of the model itself are given; read the model from its path';

/** Loads the small constants that a model keeps in other files of its folder. */
export async function loadExternalData(
  model: OnnxModel,
  source: ModelSource,
): Promise<ReadExternal> {
  const loaded = new Map<TensorProto, Uint8Array | string>();
  const files = new Map<string, Promise<ModelSource>>();
  for (const tensor of tensorsOf(model)) {
    if (tensor.dataLocation !== EXTERNAL) continue;
    const count = elementCount((tensor.dims ?? []).map(toNumber));
    if (count > mostElements) continue;
    const { location, offset } = placeOf(tensor);
    if (location === '' || !Number.isSafeInteger(offset) || offset < 0) {
      loaded.set(tensor, 'its place makes no sense');
      continue;
    }
    const file = files.get(location) ?? source.sibling(location);
    files.set(location, file);
    const length = Math.ceil(count * bytesPerElement(dataTypeOf(tensor.dataType)));
    loaded.set(tensor, await readPart(file, offset, length));
  }
  return (tensor) => loaded.get(tensor) ?? 'it is not there';
}

async function readPart(
  file: Promise<ModelSource>,
  offset: number,
  length: number,
): Promise<Uint8Array | string> {
  try {
    const bytes = await (await file).slice(offset, offset + length);
    return bytes.length === length ? bytes : `it ends before byte ${offset + length}`;
  } catch (error) {
    if (error instanceof NnMeterError) return error.message;
    throw error;
  }
}

function placeOf(tensor: TensorProto): { location: string; offset: number } {
  const entries = new Map(tensor.externalData?.map(({ key, value }) => [key, value ?? '']));
  return { location: entries.get('location') ?? '', offset: Number(entries.get('offset') ?? 0) };
}

/** All dense tensors of a model that may be small and external, those inside nodes and functions included. */
function* tensorsOf({ graph: table, functions }: OnnxModel): Generator<TensorProto> {
  const graphs: GraphProto[] = [];
  for (const position of table?.constants.external ?? []) {
    const tensor = table?.constants.tensor(position);
    if (tensor !== undefined) yield tensor;
  }
  for (const { t, g } of table?.attributes ?? []) {
    if (t != null) yield t;
    if (g != null) graphs.push(g);
  }
  const bodies: (readonly NodeProto[])[] = functions.map(({ node }) => node ?? []);
  while (graphs.length > 0 || bodies.length > 0) {
    const next = graphs.pop();
    yield* next?.initializer ?? [];
    for (const { attribute } of next?.node ?? bodies.pop() ?? []) {
      for (const { t, g } of attribute ?? []) {
        if (t != null) yield t;
        if (g != null) graphs.push(g);
      }
    }
  }
}
