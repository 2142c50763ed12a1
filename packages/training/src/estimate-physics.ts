import { NnMeterError } from '@nnmeter/ir';
import { bytesMoved, type DevicePhysics, macsOf } from '@nnmeter/latency-model';
import type { Anchor } from './anchors.ts';
import type { KernelSet } from './kernel-set.ts';

/** What a device's limits are estimated from. */
export interface PhysicsData {
  readonly set: KernelSet;
  /** ms by model; NaN where not measured. */
  readonly measured: Float64Array;
  /** By model: 0 leaves it out; default: all count. */
  readonly weight?: Float64Array;
  /** Kernels that were measured alone. */
  readonly anchors?: readonly Anchor[];
}

/*
 * How much faster a kernel may be than what whole models show. A floor that is too low costs nothing but a vaguer
 * breakdown; one that is too high makes a device untrainable, since floors are the part of a prediction that no fit can
 * lower. Chosen on two devices, the Cortex-A76 and the Adreno 640 with four families of networks (accuracy is the same
 * for 2 to 8, 4 to 128 and 30 to 1000), and confirmed on two others with four other families. Kernels measured alone,
 * which had no part in it, move up to 18 times the bytes per ms of the best model on the first, and start in a hundredth
 * of the least time per kernel.
 */
const MACS_HEADROOM = 4;
const BYTES_HEADROOM = 16;
const LAUNCH_HEADROOM = 200;

/**
 * Loose limits of a device that is known by measurements only: the greatest rates of multiply-accumulates and of bytes
 * that a whole model reaches, and the least time per kernel, each with head room. Rates of kernels that were measured
 * alone count as those of models.
 * @param bytesPerElement of the number format that the device computes in
 * @returns limits that scale with the measurements: half the ms, twice the rates
 */
export function estimatePhysics(
  { set, measured, weight, anchors = [] }: PhysicsData,
  bytesPerElement: number,
): DevicePhysics {
  let macsPerMs = 0;
  let bytesPerMs = 0;
  let msPerKernel = Number.POSITIVE_INFINITY;
  const include = (ms: number, macs: number, bytes: number, kernels: number): void => {
    macsPerMs = Math.max(macsPerMs, macs / ms);
    bytesPerMs = Math.max(bytesPerMs, bytes / ms);
    msPerKernel = Math.min(msPerKernel, ms / kernels);
  };
  const macs = Float64Array.from(set.kernels, macsOf);
  const bytes = Float64Array.from(set.kernels, (kernel) => bytesMoved(kernel, bytesPerElement));
  for (const [model, ms] of measured.entries()) {
    if (!(ms > 0) || weight?.[model] === 0) continue;
    let [modelMacs, modelBytes, kernels] = [0, 0, 0];
    for (let entry = set.modelStart[model]!; entry < set.modelStart[model + 1]!; entry++) {
      const kernel = set.kernelIndex[entry]!;
      const uses = set.uses[entry]!;
      modelMacs += uses * macs[kernel]!;
      modelBytes += uses * bytes[kernel]!;
      kernels += uses;
    }
    include(ms, modelMacs, modelBytes, kernels);
  }
  for (const { kernel, ms } of anchors)
    include(ms, macsOf(kernel), bytesMoved(kernel, bytesPerElement), 1);
  if (!(macsPerMs > 0 && bytesPerMs > 0)) {
    throw new NnMeterError(
      'E_MEASUREMENTS',
      'the limits of the device cannot be estimated: no measured model multiplies anything. Measure convolutional ' +
        'networks, or state launchMs, macsPerMs and bytesPerMs in the physics of the device',
    );
  }
  return {
    launchMs: msPerKernel / LAUNCH_HEADROOM,
    macsPerMs: MACS_HEADROOM * macsPerMs,
    bytesPerMs: BYTES_HEADROOM * bytesPerMs,
    bytesPerElement,
  };
}

const FLOAT32_BYTES = 4;

/** The limits of a device: what is known, and estimates of the rest. */
export function resolvePhysics(
  known: Partial<DevicePhysics> | undefined,
  data: PhysicsData,
): DevicePhysics {
  const { launchMs, macsPerMs, bytesPerMs, bytesPerElement = FLOAT32_BYTES } = known ?? {};
  if (launchMs !== undefined && macsPerMs !== undefined && bytesPerMs !== undefined)
    return { ...known, launchMs, macsPerMs, bytesPerMs, bytesPerElement };
  return { ...estimatePhysics(data, bytesPerElement), ...known };
}
