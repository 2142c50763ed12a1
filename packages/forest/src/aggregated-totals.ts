import type { AggregatedData } from './aggregated-data.ts';
import { solveCholesky } from './cholesky.ts';

/** The models' side of the fit: totals, their errors, and what they say about kernels and leaves. */
export class Totals {
  readonly predicted: Float64Array;
  readonly #data: AggregatedData;
  readonly #clipError: number;
  /** Weighted relative error, clipped, and weight of the squared relative error. */
  readonly #error: Float64Array;
  readonly #weight: Float64Array;

  constructor(data: AggregatedData, clipError: number) {
    const models = data.measured.length;
    this.predicted = new Float64Array(models);
    this.#data = data;
    this.#clipError = clipError;
    this.#error = new Float64Array(models);
    this.#weight = new Float64Array(models);
  }

  /** Predicts all totals, and sums uses/measured times error (gradient) and weight (hessian) per kernel. */
  update(time: Float64Array, gradient: Float64Array, hessian: Float64Array): void {
    const { modelStart, kernelIndex, uses, measured, constant, modelWeight } = this.#data;
    const clip = this.#clipError;
    gradient.fill(0);
    hessian.fill(0);
    for (let i = 0; i < measured.length; i++) {
      const first = modelStart[i]!;
      const last = modelStart[i + 1]!;
      let total = constant ? constant[i]! : 0;
      for (let p = first; p < last; p++) total += uses[p]! * time[kernelIndex[p]!]!;
      this.predicted[i] = total;
      const modelFactor = modelWeight ? modelWeight[i]! : 1;
      const error = total / measured[i]! - 1;
      const weight = modelFactor * Math.min(1, clip / Math.abs(error));
      this.#weight[i] = weight;
      this.#error[i] = weight * error;
      if (weight === 0) continue;
      const g = (weight * error) / measured[i]!;
      const h = weight / measured[i]!;
      for (let p = first; p < last; p++) {
        gradient[kernelIndex[p]!]! += uses[p]! * g;
        hessian[kernelIndex[p]!]! += uses[p]! * h;
      }
    }
  }

  /** Ridge regression of -error on the sums of kernel times over each leaf, relative to the measurement. */
  solveLeaves(
    time: Float64Array,
    correction: Float64Array,
    leafOf: Uint16Array,
    leafCount: number,
    lambda: number,
  ): Float64Array {
    const { modelStart, kernelIndex, uses, measured, kernelPrior } = this.#data;
    const matrix = new Float64Array(leafCount * leafCount);
    const solution = new Float64Array(leafCount);
    const share = new Float64Array(leafCount);
    for (let i = 0; i < measured.length; i++) {
      const weight = this.#weight[i]!;
      if (weight === 0) continue;
      share.fill(0);
      for (let p = modelStart[i]!; p < modelStart[i + 1]!; p++) {
        const j = kernelIndex[p]!;
        share[leafOf[j]!]! += uses[p]! * time[j]!;
      }
      for (let leaf = 0; leaf < leafCount; leaf++) share[leaf]! /= measured[i]!;
      for (let row = 0; row < leafCount; row++) {
        const s = share[row]!;
        if (s === 0) continue;
        solution[row]! -= s * this.#error[i]!;
        for (let column = 0; column <= row; column++) {
          matrix[row * leafCount + column]! += weight * s * share[column]!;
        }
      }
    }
    if (kernelPrior) {
      for (let j = 0; j < leafOf.length; j++) {
        const leaf = leafOf[j]!;
        matrix[leaf * leafCount + leaf]! += kernelPrior[j]!;
        solution[leaf]! -= kernelPrior[j]! * correction[j]!;
      }
    }
    for (let leaf = 0; leaf < leafCount; leaf++) matrix[leaf * leafCount + leaf]! += lambda;
    solveCholesky(matrix, solution, leafCount);
    return solution;
  }
}
