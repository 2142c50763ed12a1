/** Tags of the types that hold an integer in their place, and of maps (https://flatbuffers.dev/flexbuffers). */
const INTEGER = 1;
const UNSIGNED = 2;
const MAP = 9;

/**
 * The integer of a name in the map that a custom op's options are, in FlexBuffers; undefined if the options are no such map
 * or it holds no such integer.
 */
export function flexInteger(bytes: Uint8Array, name: string): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return findInteger(view, name);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * A map's offset points at its values. Before them are their number, the width of the keys' offsets, and the offset back to
 * the keys, a list of offsets back to texts; behind them a byte each for type and width.
 */
function findInteger(view: DataView, name: string): number | undefined {
  const rootWidth = view.getUint8(view.byteLength - 1);
  const rootType = view.getUint8(view.byteLength - 2);
  if (rootType >> 2 !== MAP) return undefined;
  const root = view.byteLength - 2 - rootWidth;
  const values = root - unsigned(view, root, rootWidth);
  const width = 1 << (rootType & 3);
  const count = Math.min(unsigned(view, values - width, width), view.byteLength);
  const keyWidth = unsigned(view, values - 2 * width, width);
  const keys = values - 3 * width - unsigned(view, values - 3 * width, width);
  for (let index = 0; index < count; index++) {
    const at = keys + index * keyWidth;
    if (!isText(view, at - unsigned(view, at, keyWidth), name)) continue;
    const type = view.getUint8(values + count * width + index) >> 2;
    if (type === UNSIGNED) return unsigned(view, values + index * width, width);
    if (type === INTEGER) return signed(view, values + index * width, width);
    return undefined;
  }
  return undefined;
}

function isText(view: DataView, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (view.getUint8(at + index) !== text.charCodeAt(index)) return false;
  }
  return view.getUint8(at + text.length) === 0;
}

function unsigned(view: DataView, at: number, width: number): number {
  if (width === 1) return view.getUint8(at);
  if (width === 2) return view.getUint16(at, true);
  return width === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

function signed(view: DataView, at: number, width: number): number {
  if (width === 1) return view.getInt8(at);
  if (width === 2) return view.getInt16(at, true);
  return width === 4 ? view.getInt32(at, true) : Number(view.getBigInt64(at, true));
}
