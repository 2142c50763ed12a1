import { crc32, decodeForest, encodeForest, type Forest } from '@nnmeter/forest';
import { NnMeterError } from '@nnmeter/ir';
import { KERNEL_KINDS } from './kernel-kind.ts';
import type { DevicePhysics } from './physics.ts';
import {
  formulaHash,
  formulaNames,
  TERM_SET_NAMES,
  type TermSetName,
  termSets,
} from './term-sets.ts';

/** What the device achieves, from the fitted model: the roofline of kernels that were never measured. */
export interface Throughput {
  /** Time of the smallest element-wise kernel, ms. */
  readonly launchMs: number;
  /** Multiply-accumulates per ms of convolutions. */
  readonly macsPerMs: number;
  /** Simple arithmetic operations per ms of the vector units. */
  readonly vectorPerMs: number;
  /** Bytes per ms of element-wise kernels. */
  readonly bytesPerMs: number;
}

/** Half the width of an interval, as a fraction of the total, at a time per kernel. */
export interface WidthAt {
  /** Total by number of kernels, ms. */
  readonly perKernelMs: number;
  readonly width: number;
}

/** How wide intervals are: see `latencyInterval`. */
export interface IntervalWidths {
  readonly level: number;
  /** For models of known kernels: ascending by time per kernel, from the least to the greatest that was measured. */
  readonly known: readonly WidthAt[];
  /** For a model of nothing but unknown kernels. */
  readonly novel: number;
  /** For a model of nothing but kernels of kinds that were not measured. */
  readonly estimated: number;
}

/** All that a latency model of one device needs besides the formulas: what was known and what training decided. */
export interface LatencyModelWeights {
  readonly terms: TermSetName;
  /** The limits of the device that training built on. */
  readonly physics: DevicePhysics;
  readonly constantMs: number;
  /** ms per unit of each term of the set. */
  readonly coefficients: Float64Array;
  /** By kind: 1 if kernels of the kind were measured. */
  readonly measured: Uint8Array;
  /** By kind: 1 if kernels with a fused stage of the kind were measured. */
  readonly measuredFused: Uint8Array;
  /** By kind: greatest channels, output channels, window side that training saw. */
  readonly limits: Float32Array;
  /** Sides of images that training saw, ascending. */
  readonly sides: Uint16Array;
  /** Configurations that training saw (see `configurationCell`), ascending. */
  readonly cells: Uint32Array;
  /** Structures that training saw (see `structureCell`), ascending. */
  readonly structures: Uint32Array;
  readonly throughput: Throughput;
  readonly interval: IntervalWidths | null;
  readonly forest: Forest | null;
}

export const LIMITS_PER_KIND = 3;

const MAGIC = 0x4d4c4e4e; // "NNLM"
const VERSION = 5;
const HEADER_BYTES = 28;
const SCALARS = 16;

/*
 * Format version 5, little-endian:
 *   0  4  magic "NNLM"            8  u16 image sides       14 u16 structures
 *   4  u8 version                10  u16 cells             16 u32 bytes of the forest, 0 for none
 *   5  u8 set of terms           12  u16 kinds             20 u32 hash of the names of kinds, terms and features
 *   6  u16 coefficients          24  u32 known widths of the interval, 0 for no interval
 *  28  f64 constant, 4 throughputs, interval level, novel, estimated, physics: launch, MACs/ms, bytes/ms, bytes/element,
 *      and 4 of fully connected layers (0: none)
 *   f64 time per kernel and width, for each known width; f64 coefficients; f32 limits, 3 per kind; u32 cells;
 *   u32 structures; u16 sides; u8 measured (bit 0) and measured fused (bit 1); forest ("NNMF"); u32 CRC-32 of all before
 */

/** The bytes of a device's `weights.bin`. */
export function encodeWeights(weights: LatencyModelWeights): Uint8Array {
  const { coefficients, sides, cells, structures, limits, throughput, interval, physics } = weights;
  const measured = weights.measured.map((bit, kind) => bit | (weights.measuredFused[kind]! << 1));
  const forest = weights.forest ? encodeForest(weights.forest) : new Uint8Array(0);
  const scalars = Float64Array.of(
    weights.constantMs,
    throughput.launchMs,
    throughput.macsPerMs,
    throughput.vectorPerMs,
    throughput.bytesPerMs,
    interval?.level ?? 0,
    interval?.novel ?? 0,
    interval?.estimated ?? 0,
    physics.launchMs,
    physics.macsPerMs,
    physics.bytesPerMs,
    physics.bytesPerElement,
    physics.fullyConnected?.launchMs ?? 0,
    physics.fullyConnected?.msPerMac ?? 0,
    physics.fullyConnected?.levelOff ?? 0,
    physics.fullyConnected?.measuredUpTo ?? 0,
  );
  const known = interval?.known ?? [];
  const widths = Float64Array.from(known.flatMap(({ perKernelMs, width }) => [perKernelMs, width]));
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  header.setUint32(0, MAGIC, true);
  header.setUint8(4, VERSION);
  header.setUint8(5, TERM_SET_NAMES.indexOf(weights.terms));
  header.setUint16(6, coefficients.length, true);
  header.setUint16(8, sides.length, true);
  header.setUint16(10, cells.length, true);
  header.setUint16(12, measured.length, true);
  header.setUint16(14, structures.length, true);
  header.setUint32(16, forest.length, true);
  header.setUint32(20, formulaHash(formulaNames(weights.terms)), true);
  header.setUint32(24, known.length, true);
  const parts = [
    ...[header, scalars, widths, coefficients, limits, cells, structures, sides, measured, forest],
  ].map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(length + 4);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  new DataView(bytes.buffer).setUint32(length, crc32(bytes.subarray(0, length)), true);
  return bytes;
}

/**
 * Reads the bytes of {@link encodeWeights}.
 * @throws NnMeterError E_WEIGHTS if they are missing, truncated, damaged, of another version, or trained with formulas
 * of other names than this release has.
 */
export function decodeWeights(bytes: Uint8Array): LatencyModelWeights {
  if (bytes.length === 0) throw unreadable('there are none');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES || view.getUint32(0, true) !== MAGIC)
    throw unreadable('they do not start with the header "NNLM"');
  if (view.getUint8(4) !== VERSION)
    throw unreadable(`they have format version ${view.getUint8(4)}; this release reads ${VERSION}`);
  const counts = {
    coefficients: view.getUint16(6, true),
    sides: view.getUint16(8, true),
    cells: view.getUint16(10, true),
    kinds: view.getUint16(12, true),
    structures: view.getUint16(14, true),
    forest: view.getUint32(16, true),
    widths: view.getUint32(24, true),
  };
  const expected =
    HEADER_BYTES +
    8 * (SCALARS + 2 * counts.widths + counts.coefficients) +
    4 * (LIMITS_PER_KIND * counts.kinds + counts.cells + counts.structures) +
    2 * counts.sides +
    counts.kinds +
    counts.forest +
    4;
  if (bytes.length !== expected)
    throw unreadable(`they have ${bytes.length} bytes, their header says ${expected}`);
  if (view.getUint32(expected - 4, true) !== crc32(bytes.subarray(0, expected - 4)))
    throw unreadable('their checksum does not match');
  const terms = TERM_SET_NAMES[view.getUint8(5)];
  if (
    terms === undefined ||
    counts.kinds !== KERNEL_KINDS.length ||
    counts.coefficients !== termSets[terms].terms.names.length ||
    view.getUint32(20, true) !== formulaHash(formulaNames(terms))
  )
    throw unreadable('they were trained with other latency terms than those of this release');

  let offset = HEADER_BYTES;
  const take = (length: number): ArrayBuffer => {
    // Not `slice`: a Node Buffer's shares its memory.
    const part = new Uint8Array(bytes.subarray(offset, offset + length));
    offset += length;
    return part.buffer;
  };
  const scalars = new Float64Array(take(8 * SCALARS)).values();
  const next = (): number => scalars.next().value as number;
  const constantMs = next();
  const throughput = {
    launchMs: next(),
    macsPerMs: next(),
    vectorPerMs: next(),
    bytesPerMs: next(),
  };
  const interval = { level: next(), novel: next(), estimated: next() };
  const limits = {
    launchMs: next(),
    macsPerMs: next(),
    bytesPerMs: next(),
    bytesPerElement: next(),
  };
  const fullyConnected = {
    launchMs: next(),
    msPerMac: next(),
    levelOff: next(),
    measuredUpTo: next(),
  };
  const known = Array.from({ length: counts.widths }, () => {
    const [perKernelMs, width] = new Float64Array(take(16));
    return { perKernelMs: perKernelMs!, width: width! };
  });
  const weights: LatencyModelWeights = {
    terms,
    physics: fullyConnected.levelOff === 0 ? limits : { ...limits, fullyConnected },
    constantMs,
    throughput,
    interval: known.length === 0 ? null : { ...interval, known },
    coefficients: new Float64Array(take(8 * counts.coefficients)),
    limits: new Float32Array(take(4 * LIMITS_PER_KIND * counts.kinds)),
    cells: new Uint32Array(take(4 * counts.cells)),
    structures: new Uint32Array(take(4 * counts.structures)),
    sides: new Uint16Array(take(2 * counts.sides)),
    ...measuredKinds(new Uint8Array(take(counts.kinds))),
    forest: counts.forest === 0 ? null : decodeForest(new Uint8Array(take(counts.forest)), true),
  };
  const wrong = wrongNumber(weights);
  if (wrong !== undefined) throw unreadable(wrong);
  return weights;
}

/** What of the numbers would make latencies negative, infinite or NaN; undefined if nothing would. */
function wrongNumber(weights: LatencyModelWeights): string | undefined {
  const { constantMs, coefficients, limits, throughput, physics, interval } = weights;
  const isSize = (value: number): boolean => value >= 0 && value < Number.POSITIVE_INFINITY;
  const isRate = (value: number): boolean => value > 0 && value < Number.POSITIVE_INFINITY;
  const { macsPerMs, vectorPerMs, bytesPerMs } = throughput;
  const { fullyConnected } = physics;
  const known = interval?.known ?? [];
  const sizes: Readonly<Record<string, readonly number[] | Float64Array | Float32Array>> = {
    'start-up cost': [constantMs],
    'launch time': [throughput.launchMs, physics.launchMs, fullyConnected?.launchMs ?? 0],
    'time per MAC': [fullyConnected?.msPerMac ?? 0, fullyConnected?.measuredUpTo ?? 0],
    coefficients,
    limits,
    interval: [interval?.novel ?? 0, interval?.estimated ?? 0],
  };
  const rates: Readonly<Record<string, readonly number[]>> = {
    throughput: [macsPerMs, vectorPerMs, bytesPerMs],
    physics: [
      physics.macsPerMs,
      physics.bytesPerMs,
      physics.bytesPerElement,
      fullyConnected?.levelOff ?? 1,
    ],
    'level of the interval': [interval?.level ?? 1],
    'widths of the interval': known.flatMap(({ perKernelMs, width }) => [perKernelMs, width]),
  };
  for (const [name, values] of Object.entries(sizes))
    if (!values.every(isSize)) return `a number of the ${name} is negative or not finite`;
  for (const [name, values] of Object.entries(rates))
    if (!values.every(isRate)) return `a number of the ${name} is not positive and finite`;
  if (!isAscending(known.map(({ perKernelMs }) => perKernelMs)))
    return 'the widths of the interval are not in order';
  if (![weights.cells, weights.structures, weights.sides].every(isAscending))
    return 'the configurations are not in order';
  return undefined;
}

function isAscending(values: ArrayLike<number>): boolean {
  for (let at = 1; at < values.length; at++) if (values[at]! <= values[at - 1]!) return false;
  return true;
}

function measuredKinds(bits: Uint8Array): Pick<LatencyModelWeights, 'measured' | 'measuredFused'> {
  return { measured: bits.map((each) => each & 1), measuredFused: bits.map((each) => each >> 1) };
}

function unreadable(reason: string): NnMeterError {
  return new NnMeterError(
    'E_WEIGHTS',
    `the weights of the latency model cannot be read: ${reason}. Reinstall or rebuild the predictor's package, or train it again.`,
  );
}
