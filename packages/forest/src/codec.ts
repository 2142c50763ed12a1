import { NnMeterError } from '@nnmeter/ir';
import { crc32 } from './crc32.ts';
import { Forest, LEAF } from './forest.ts';

/*
 * Format version 1, little-endian (documented in the README):
 *   0  4  magic "NNMF"            8  u32 trees
 *   4  u8 version                12  u32 nodes
 *   5  u8 flags                  16  feature ids, u8 or u16 each, all ones = leaf
 *   6  u16 features               .  values (threshold or leaf output), f32 or f64 each
 *                                 .  u32 CRC-32 of everything before
 */
const MAGIC = 0x464d4e4e;
const VERSION = 1;
const HEADER_BYTES = 16;
const CHECKSUM_BYTES = 4;
const FLOAT64 = 1;
const MEAN = 2;
const WIDE_IDS = 4;
const KNOWN_FLAGS = FLOAT64 | MEAN | WIDE_IDS;

/** Bytes of a forest: 16 + 5 per node (float32, up to 255 features) + 4. */
export function encodeForest(forest: Forest): Uint8Array {
  const { feature, value, featureCount } = forest;
  const isWide = featureCount > 0xff;
  const isDouble = forest.precision === 'float64';
  const idBytes = isWide ? 2 : 1;
  const valueBytes = isDouble ? 8 : 4;
  const nodes = feature.length;
  const bodyEnd = HEADER_BYTES + nodes * (idBytes + valueBytes);
  const bytes = new Uint8Array(bodyEnd + CHECKSUM_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, VERSION);
  view.setUint8(
    5,
    (isDouble ? FLOAT64 : 0) | (forest.aggregation === 'mean' ? MEAN : 0) | (isWide ? WIDE_IDS : 0),
  );
  view.setUint16(6, featureCount, true);
  view.setUint32(8, forest.treeCount, true);
  view.setUint32(12, nodes, true);
  const values = HEADER_BYTES + nodes * idBytes;
  for (let node = 0; node < nodes; node++) {
    if (isWide) view.setUint16(HEADER_BYTES + 2 * node, feature[node]!, true);
    else bytes[HEADER_BYTES + node] = feature[node]!;
    if (isDouble) view.setFloat64(values + 8 * node, value[node]!, true);
    else view.setFloat32(values + 4 * node, value[node]!, true);
  }
  view.setUint32(bodyEnd, crc32(bytes.subarray(0, bodyEnd)), true);
  return bytes;
}

/**
 * Reads the bytes of {@link encodeForest}.
 * @param intact known to be undamaged, so that the checksum need not be computed
 * @throws NnMeterError E_WEIGHTS if they are truncated, damaged or of another version.
 */
export function decodeForest(bytes: Uint8Array, intact = false): Forest {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES + CHECKSUM_BYTES || view.getUint32(0, true) !== MAGIC) {
    throw unreadable('it does not start with the forest header "NNMF"');
  }
  if (view.getUint8(4) !== VERSION) {
    throw unreadable(`it has format version ${view.getUint8(4)}; this release reads ${VERSION}`);
  }
  const flags = view.getUint8(5);
  const idBytes = flags & WIDE_IDS ? 2 : 1;
  const valueBytes = flags & FLOAT64 ? 8 : 4;
  const nodes = view.getUint32(12, true);
  const bodyEnd = HEADER_BYTES + nodes * (idBytes + valueBytes);
  if (bytes.length !== bodyEnd + CHECKSUM_BYTES) {
    throw unreadable(`it has ${bytes.length} bytes, its header says ${bodyEnd + CHECKSUM_BYTES}`);
  }
  if (!intact && view.getUint32(bodyEnd, true) !== crc32(bytes.subarray(0, bodyEnd))) {
    throw unreadable('its checksum does not match');
  }
  if (flags & ~KNOWN_FLAGS) throw unreadable(`it has unknown flags ${flags}`);

  const featureCount = view.getUint16(6, true);
  // Aligned copies, for a little-endian machine. All ones, read as a signed number, are LEAF.
  const ids = new Uint8Array(bytes.subarray(HEADER_BYTES, bodyEnd - nodes * valueBytes)).buffer;
  const values = new Uint8Array(bytes.subarray(bodyEnd - nodes * valueBytes, bodyEnd)).buffer;
  const feature = new Int16Array(flags & WIDE_IDS ? ids : new Int8Array(ids));
  const value = flags & FLOAT64 ? new Float64Array(values) : new Float32Array(values);
  if (featureCount > 0x80 && idBytes === 1)
    for (let node = 0; node < nodes; node++) if (feature[node]! < LEAF) feature[node]! += 0x100;
  const forest = new Forest({
    featureCount,
    aggregation: flags & MEAN ? 'mean' : 'sum',
    feature,
    value,
  });
  if (forest.treeCount !== view.getUint32(8, true)) {
    throw unreadable(
      `it holds ${forest.treeCount} trees, its header says ${view.getUint32(8, true)}`,
    );
  }
  return forest;
}

function unreadable(reason: string): NnMeterError {
  return new NnMeterError(
    'E_WEIGHTS',
    `the forest's weights cannot be read: ${reason}. Reinstall the predictor, or train and encode it again.`,
  );
}
