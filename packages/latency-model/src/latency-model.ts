import { type Graph, locateError, NnMeterError } from '@nnmeter/ir';
import type { Kernel } from '@nnmeter/kernel-detect';
import { type Adaptation, Adapter, adaptWeights } from './adaptation.ts';
import { describeKernel, hasShapes } from './describe-kernel.ts';
import { DescriptionCache } from './description-cache.ts';
import type { KernelDescription } from './kernel-description.ts';
import { KernelModel } from './kernel-model.ts';
import { decodeWeights } from './weights.ts';

/** A range that contains the measured latency with probability `level`. */
export interface LatencyInterval {
  /** ms */
  readonly low: number;
  /** ms */
  readonly high: number;
  readonly level: number;
}

/** Latency of one kernel, before any calibration. */
export interface KernelPrediction {
  readonly latencyMs: number;
  /**
   * `measured`: the device's training data contains this kernel type; `estimated`: roofline estimate, if only of a part;
   * `uncounted`: a shape is unknown, so that nothing can be said.
   */
  readonly basis: 'measured' | 'estimated' | 'uncounted';
  /** How much of it is no more than an estimate, ms: less than all if only fused stages were never measured. */
  readonly estimatedMs: number;
  /** Features outside the training range, in words: `resolution`, `batch`, `channels`, `non-square`, ... */
  readonly extrapolation?: readonly string[];
  /** Present if training saw no kernel of this configuration (kind, window, stride, output size). */
  readonly novel?: true;
  /** What was predicted; absent for a kernel with a tensor of unknown shape. */
  readonly description?: KernelDescription;
}

/** The decoded weights of one device: start-up cost + sum over kernels of base * correction. */
export interface LatencyModel {
  /** Start-up cost of one inference that belongs to no kernel, ms. */
  readonly startupMs: number;
  /**
   * One prediction per kernel, in the order of `kernels`, none negative and all finite. A kernel with a tensor of unknown
   * shape gets 0 ms and is `uncounted`, one that has nothing to compute (see {@link hasElements}) 0 ms; the caller warns
   * about them.
   * @throws NnMeterError E_INVALID_GRAPH naming the node of a kernel whose attributes give no latency
   */
  predictKernels(kernels: readonly Kernel[], graph: Graph): KernelPrediction[];
  /** The fused stages of a kernel that this device was never measured with. */
  unmeasuredStages(kernel: Kernel): string[];
  /** The prediction of one described kernel. */
  predictDescribed(description: KernelDescription): KernelPrediction;
  /** The range around the total that holds the measurement with 90 % probability; null if not calibrated. */
  interval(totalMs: number, predictions: readonly KernelPrediction[]): LatencyInterval | null;
}

const UNKNOWN: KernelPrediction = { latencyMs: 0, basis: 'uncounted', estimatedMs: 0 };

/**
 * Decodes the weights file written by the trainer.
 * @param adaptation what makes them those of another device
 * @throws NnMeterError E_WEIGHTS if the bytes are truncated, damaged or of another version.
 */
export function decodeLatencyModel(bytes: Uint8Array, adaptation?: Adaptation): LatencyModel {
  const known = decodeWeights(bytes);
  const weights = adaptation === undefined ? known : adaptWeights(known, adaptation);
  const model = new KernelModel(weights);
  const adapter = adaptation && new Adapter(adaptation);
  const cache = new DescriptionCache<KernelPrediction>();
  const compute = (description: KernelDescription): KernelPrediction =>
    predictDescribed(model, description, adapter);
  const predict = (description: KernelDescription): KernelPrediction =>
    cache.get(description, compute);
  return {
    startupMs: adapter?.startupMs(weights.constantMs) ?? weights.constantMs,
    predictKernels: (kernels, graph) =>
      kernels.map((kernel) => {
        if (!hasShapes(kernel)) return UNKNOWN;
        try {
          return predict(describeKernel(kernel, kernels, graph));
        } catch (error) {
          throw locateError({ node: kernel.root.name, op: kernel.root.sourceOp }, error);
        }
      }),
    unmeasuredStages: ({ stages }) => model.unmeasuredStages(stages),
    predictDescribed: predict,
    interval: (totalMs, predictions) => intervalOf(weights.interval, totalMs, predictions),
  };
}

/** False if a dimension of what a kernel reads or writes is 0, so that there is nothing to compute. */
export function hasElements(kernel: KernelDescription): boolean {
  return kernel.outputElements > 0 && (kernel.inputs === 0 || kernel.inputElements > 0);
}

function predictDescribed(
  model: KernelModel,
  description: KernelDescription,
  adapter: Adapter | undefined,
): KernelPrediction {
  if (!hasElements(description))
    return Object.freeze({ latencyMs: 0, basis: 'measured', estimatedMs: 0, description });
  const knownMs = model.latency(description);
  const knownEstimateMs = model.estimatedMs(description);
  const estimatedShare = knownEstimateMs === 0 ? 0 : knownEstimateMs / knownMs;
  const latencyMs = adapter?.kernelMs(description, knownMs, estimatedShare) ?? knownMs;
  if (!(latencyMs >= 0 && latencyMs < Number.POSITIVE_INFINITY)) {
    throw new NnMeterError(
      'E_INVALID_GRAPH',
      `its attributes and shapes are impossible: they give a latency of ${latencyMs} ms`,
    );
  }
  const extrapolation = model.extrapolation(description);
  const estimatedMs = adapter?.isMeasured(description) ? 0 : estimatedShare * latencyMs;
  return Object.freeze({
    latencyMs,
    basis: estimatedMs === 0 ? 'measured' : 'estimated',
    estimatedMs,
    ...(extrapolation.length > 0 && { extrapolation }),
    ...(!model.isKnown(description) && { novel: true as const }),
    description,
  });
}

function intervalOf(
  widths: KernelModel['weights']['interval'],
  totalMs: number,
  predictions: readonly KernelPrediction[],
): LatencyInterval | null {
  if (widths === null || !(totalMs > 0)) return null;
  let novelMs = 0;
  let allEstimatedMs = 0;
  for (const { latencyMs, estimatedMs, novel } of predictions) {
    allEstimatedMs += estimatedMs;
    if (novel) novelMs += latencyMs - estimatedMs;
  }
  const extra =
    Math.sqrt(Math.min(1, novelMs / totalMs)) * widths.novel +
    Math.min(1, allEstimatedMs / totalMs) * widths.estimated;
  return {
    low: totalMs / (1 + widths.low + extra),
    high: totalMs * (1 + widths.high + extra),
    level: widths.level,
  };
}
