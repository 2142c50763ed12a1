import { bytesPerElement, type DataType } from '@nnmeter/ir';

/** Whether elements are whole numbers. */
export function isInteger(dataType: DataType): boolean {
  return dataType.includes('int');
}

/** Whether NaN stands for an element that is not known, and is not one itself. */
export function hasUnknowns(dataType: DataType): boolean {
  return dataType === 'bool' || isInteger(dataType);
}

/** Smallest exponent, bits of the fraction and largest number of the floating-point types that are narrower than 4 bytes. */
const NARROW: Partial<Record<DataType, readonly [least: number, bits: number, most: number]>> = {
  float16: [-14, 10, 65504],
  bfloat16: [-126, 7, 3.3895313892515355e38],
};

/** Elements as a type holds them: rounded, cut, wrapped around as two's complement does. */
export function asType(values: readonly number[], dataType: DataType): readonly number[] {
  if (dataType === 'bool')
    return values.map((value) => (value === 0 || Number.isNaN(value) ? value : 1));
  if (dataType === 'float32') return values.map(Math.fround);
  if (isInteger(dataType)) return values.map((value) => asInteger(value, dataType));
  const narrow = NARROW[dataType];
  return narrow === undefined ? values : values.map((value) => rounded(value, ...narrow));
}

function asInteger(value: number, dataType: DataType): number {
  if (Number.isNaN(value)) return value;
  if (!Number.isFinite(value)) return 0;
  const whole = Math.trunc(value) + 0;
  const bits = 8 * bytesPerElement(dataType);
  const isSigned = !dataType.startsWith('u');
  const least = isSigned ? -(2 ** (bits - 1)) : 0;
  const most = isSigned ? 2 ** (bits - 1) : 2 ** bits;
  if (whole >= least && (whole < most || (bits === 64 && whole === most))) return whole;
  return wrapped(BigInt(whole), dataType);
}

/** A whole number in the range of its type. */
export function wrapped(value: bigint, dataType: DataType): number {
  const bits = 8 * bytesPerElement(dataType);
  return Number(
    dataType.startsWith('u') ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value),
  );
}

/** The largest int64 and uint64 are 2^63 and 2^64 among numbers. */
export function exact(value: number): bigint {
  return value === 2 ** 63 || value === 2 ** 64 ? BigInt(value) - 1n : BigInt(value);
}

export function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  const near = x - floor === 0.5 && floor % 2 === 0 ? floor : Math.round(x);
  return near === 0 ? x * 0 : near;
}

function rounded(value: number, least: number, bits: number, most: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const exponent = Math.max(least, Math.floor(Math.log2(Math.abs(value))));
  const quantum = 2 ** (exponent - bits);
  const near = roundHalfToEven(value / quantum) * quantum;
  return Math.abs(near) > most ? Math.sign(near) * Number.POSITIVE_INFINITY : near;
}
