import { type Graph, locateError, NnMeterError } from '@nnmeter/ir';
import type { Kernel } from '@nnmeter/kernel-detect';
import { type Adaptation, Adapter, adaptWeights } from './adaptation.ts';
import { describeKernels } from './describe-kernel.ts';
import { DescriptionCache } from './description-cache.ts';
import { hasElements, type KernelDescription } from './kernel-description.ts';
import { KernelModel } from './kernel-model.ts';
import type { DevicePhysics } from './physics.ts';
import type { WeightReload } from './weight-reloads.ts';
import { decodeWeights, type IntervalWidths } from './weights.ts';

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
  /** How new the kernel is to the device, 0 to 1; absent if training saw its like. */
  readonly novel?: number;
  /** Time that passes while the kernel beside it computes, ms; not part of {@link latencyMs}. */
  readonly hiddenMs?: number;
  /** What was predicted; absent for a kernel with a tensor of unknown shape. */
  readonly description?: KernelDescription;
}

/** The decoded weights of one device: start-up cost + sum over kernels of base * correction, and {@link WeightReload}s. */
export interface LatencyModel {
  /** Start-up cost of one inference that belongs to no kernel, ms. */
  readonly startupMs: number;
  /** What it predicts of each kernel of a graph; undefined for one that has a tensor of unknown shape. */
  describeKernels(
    kernels: readonly Kernel[],
    graph: Graph,
  ): readonly (KernelDescription | undefined)[];
  /** For `latencyInterval`; null if not calibrated. */
  readonly intervalWidths: IntervalWidths | null;
  /** What a network takes in addition to its kernels; mostly nothing. */
  readonly reloads: readonly WeightReload[];
  /** Limits of the device; null for a device that is another one's adapted, whose limits nobody knows. */
  readonly physics: DevicePhysics | null;
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
}

/** Kernels that run beside one and the same: their memory begins small. */
const FEW = 8;

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
  /** By the kernel beside which they run. */
  const besides = new DescriptionCache<DescriptionCache<KernelPrediction>>();
  const predict = (description: KernelDescription): KernelPrediction => {
    const { beside } = description;
    const known =
      beside === undefined ? cache : besides.get(beside, () => new DescriptionCache(FEW));
    return known.get(description, compute);
  };
  return {
    startupMs: adapter?.startupMs(weights.constantMs) ?? weights.constantMs,
    describeKernels: (kernels, graph) => describeKernels(kernels, graph, weights.terms),
    intervalWidths: weights.interval,
    reloads: adaptation?.reloads ?? [],
    physics: adapter === undefined ? weights.physics : null,
    predictKernels: (kernels, graph) =>
      describeKernels(kernels, graph, weights.terms).map((description, index) => {
        if (description === undefined) return UNKNOWN;
        try {
          return predict(description);
        } catch (error) {
          const { root } = kernels[index]!;
          throw locateError({ node: root.name, op: root.sourceOp }, error);
        }
      }),
    unmeasuredStages: ({ stages }) => model.unmeasuredStages(stages),
    predictDescribed: predict,
  };
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
  const { beside, ...alone } = description;
  const hiddenMs =
    beside === undefined ? 0 : predictDescribed(model, alone, adapter).latencyMs - latencyMs;
  const novel = model.novelty(description);
  const estimatedMs = adapter?.isMeasured(description) ? 0 : estimatedShare * latencyMs;
  return Object.freeze({
    latencyMs,
    basis: estimatedMs === 0 ? 'measured' : 'estimated',
    estimatedMs,
    ...(hiddenMs > 0 && { hiddenMs }),
    ...(extrapolation.length > 0 && { extrapolation }),
    ...(novel > 0 && { novel }),
    description,
  });
}
