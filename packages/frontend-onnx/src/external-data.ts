import { bytesPerElement, quote } from '@nnmeter/ir';
import { dataTypeOf } from './data-types.ts';
import { Unread } from './entry.ts';
import type { ReadValues } from './tensor-table.ts';
import { decodeElements, MAXIMUM_VALUES, tensorValues } from './tensor-values.ts';

const EXTERNAL = 1;

/** Reads part of a file that lies beside the model, or says why it cannot. */
export type ReadExternal = (
  location: string,
  offset: number,
  length: number,
) => Uint8Array | string;

/** Finds values of small constants in the model or in external data. */
export function valueReader(readExternal: ReadExternal): ReadValues {
  return (tensor, count) => {
    if (tensor.dataLocation !== EXTERNAL) return tensorValues(tensor, count);
    if (count > MAXIMUM_VALUES) return undefined;
    const dataType = dataTypeOf(tensor.dataType);
    const entries = new Map(tensor.externalData?.map(({ key, value }) => [key, value ?? '']));
    const location = entries.get('location') ?? '';
    const offset = Number(entries.get('offset') ?? 0);
    const length = Math.ceil(count * bytesPerElement(dataType));
    const bytes = isPlace(location, offset)
      ? readExternal(location, offset, length)
      : 'its place makes no sense';
    if (bytes instanceof Uint8Array) return decodeElements(bytes, dataType, count);
    return new Unread(
      `a shape depends on the values of ${quote(tensor.name ?? '')}, which lie in the external data file ${quote(location)}: ${bytes}`,
    );
  };
}

function isPlace(location: string, offset: number): boolean {
  return location !== '' && Number.isSafeInteger(offset) && offset >= 0;
}

/** For models that are given as bytes. */
export const noExternalData: ReadExternal = () =>
  'only the bytes of the model itself are given; read the model from its path';
