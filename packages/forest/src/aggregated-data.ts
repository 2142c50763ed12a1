import { NnMeterError } from '@nnmeter/ir';

/**
 * Measurements that exist only for totals: models (CSR rows) made of kernels, each unique kernel stored once.
 *
 *     total_i = constant_i + sum over kernels j of model i: uses_ij * baseTime_j * exp(f(features_j))
 */
export interface AggregatedData {
  /** Column-major, featureCount x kernelCount: feature f of kernel j at [f * kernelCount + j]. Finite. */
  features: Float32Array;
  featureCount: number;
  /** First-guess time of every unique kernel, ms, >= 0; its length is the number of kernels. */
  baseTime: Float64Array;
  /** CSR row pointers, modelCount + 1 entries: model i owns entries modelStart[i] .. modelStart[i+1]-1. */
  modelStart: Uint32Array;
  /** Per entry: index of a unique kernel. */
  kernelIndex: Uint32Array;
  /** Per entry: how often the model runs that kernel. */
  uses: Float32Array | Float64Array | Uint16Array | Uint32Array;
  /** Measured total of every model, ms, > 0. */
  measured: Float64Array;
  /** Time of a model outside of its kernels, ms; 0 if absent. */
  constant?: Float64Array;
  /** Weight of each model; 1 if absent, 0 holds a model out (it is still predicted). */
  modelWeight?: Float64Array;
  /** Per kernel, strength that pulls its f towards 0 (ridge), in units of one model; 0 if absent. */
  kernelPrior?: Float64Array;
}

/** @throws NnMeterError E_INVALID_INPUT that names the first entry that is out of range. */
export function checkAggregatedData(data: AggregatedData): void {
  const kernelCount = data.baseTime.length;
  const modelCount = data.measured.length;
  const entryCount = data.kernelIndex.length;
  checkLength('features', data.features, kernelCount * data.featureCount);
  checkLength('modelStart', data.modelStart, modelCount + 1);
  checkLength('uses', data.uses, entryCount);
  if (data.constant) checkLength('constant', data.constant, modelCount);
  if (data.modelWeight) checkLength('modelWeight', data.modelWeight, modelCount);
  if (data.kernelPrior) checkLength('kernelPrior', data.kernelPrior, kernelCount);

  checkEach('features', data.features, Number.isFinite, 'finite');
  checkEach('baseTime', data.baseTime, isNonNegative, 'finite and >= 0');
  checkEach('uses', data.uses, isNonNegative, 'finite and >= 0');
  checkEach('measured', data.measured, (y) => isNonNegative(y) && y > 0, 'finite and > 0');
  checkEach('kernelIndex', data.kernelIndex, (j) => j < kernelCount, `< ${kernelCount}`);
  if (data.constant) checkEach('constant', data.constant, Number.isFinite, 'finite');
  if (data.modelWeight) checkEach('modelWeight', data.modelWeight, isNonNegative, '>= 0');
  if (data.kernelPrior) checkEach('kernelPrior', data.kernelPrior, isNonNegative, '>= 0');
  const starts = data.modelStart;
  const isMonotone = starts.every((start, i) => i === 0 || start >= starts[i - 1]!);
  if (starts[0] !== 0 || starts[modelCount] !== entryCount || !isMonotone) {
    throw invalid(`modelStart must rise from 0 to the ${entryCount} entries of kernelIndex`);
  }
}

function isNonNegative(value: number): boolean {
  return value >= 0 && value < Infinity;
}

function checkLength(name: string, array: { length: number }, expected: number): void {
  if (array.length !== expected) {
    throw invalid(`${name} has ${array.length} entries, expected ${expected}`);
  }
}

function checkEach(
  name: string,
  array: ArrayLike<number>,
  isValid: (value: number) => boolean,
  requirement: string,
): void {
  for (let i = 0; i < array.length; i++) {
    if (!isValid(array[i]!)) throw invalid(`${name}[${i}] is ${array[i]}, must be ${requirement}`);
  }
}

function invalid(reason: string): NnMeterError {
  return new NnMeterError('E_INVALID_INPUT', `training data: ${reason}`);
}
