import { bytesPerElement, NnMeterError, quote } from '@nnmeter/ir';
import { dataTypeOf } from './data-types.ts';
import { Unknown } from './entry.ts';
import type { ReadValues } from './inference.ts';
import type { TensorProto } from './model.ts';
import { decodeElements, MAXIMUM_VALUES, tensorValues } from './tensor-values.ts';

const EXTERNAL = 1;

/** Reads part of a file that lies beside the model. */
export type ReadExternal = (location: string, offset: number, length: number) => Uint8Array;

/** Finds values of small constants in the model or, if a way to read it is given, in external data. */
export function valueReader(readExternal: ReadExternal | undefined): ReadValues {
  return (tensor, count) => {
    if (tensor.dataLocation !== EXTERNAL) return tensorValues(tensor, count);
    if (count > MAXIMUM_VALUES) return undefined;
    const { location, offset, length } = placeOf(tensor, count);
    if (readExternal === undefined) {
      throw unreadable(
        tensor,
        location,
        'only the bytes of the model itself are given; read the model from its path',
      );
    }
    let bytes: Uint8Array;
    try {
      bytes = readExternal(location, offset, length);
    } catch (cause) {
      throw unreadable(tensor, location, cause instanceof Error ? cause.message : String(cause));
    }
    return decodeElements(bytes, dataTypeOf(tensor.dataType), count);
  };
}

function placeOf(
  tensor: TensorProto,
  count: number,
): { location: string; offset: number; length: number } {
  const entries = new Map((tensor.externalData ?? []).map(({ key, value }) => [key, value ?? '']));
  const expected = Math.ceil(count * bytesPerElement(dataTypeOf(tensor.dataType)));
  const location = entries.get('location') ?? '';
  const offset = Number(entries.get('offset') ?? 0);
  const length = Number(entries.get('length') ?? expected);
  if (location === '' || !Number.isSafeInteger(offset) || offset < 0 || length !== expected) {
    throw unreadable(tensor, location, 'its offset or length make no sense');
  }
  return { location, offset, length };
}

function unreadable(tensor: TensorProto, location: string, why: string): Unknown {
  const message = `the values of ${quote(tensor.name ?? '')}, which a shape depends on, lie in the external data file ${quote(location)}: ${why}`;
  return new Unknown(message, new NnMeterError('E_FILE', message));
}
