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

const MACS_HEADROOM = 4;
const BYTES_HEADROOM = 4;
const LAUNCH_HEADROOM = 4;

export function estimatePhysics(
  { set, measured, weight, anchors = [] }: PhysicsData,
  bytesPerElement: number,
): DevicePhysics {
  let macsPerMs = 0;
  let bytesPerMs = 0;
  let msPerKernel = Number.POSITIVE_INFINITY;
  const see = (ms: number, macs: number, bytes: number, kernels: number): void => {
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
    see(ms, modelMacs, modelBytes, kernels);
  }
  for (const { kernel, ms } of anchors)
    see(ms, macsOf(kernel), bytesMoved(kernel, bytesPerElement), 1);
  return {
    launchMs: msPerKernel / LAUNCH_HEADROOM,
    macsPerMs: MACS_HEADROOM * macsPerMs,
    bytesPerMs: BYTES_HEADROOM * bytesPerMs,
    bytesPerElement,
  };
}

const DEFAULT_BYTES_PER_ELEMENT = 4;

/** Known limits of a device, those that are not known estimated. */
export function resolvePhysics(
  known: Partial<DevicePhysics> | undefined,
  data: PhysicsData,
): DevicePhysics {
  const { bytesPerElement = DEFAULT_BYTES_PER_ELEMENT } = known ?? {};
  const { launchMs, macsPerMs, bytesPerMs } = known ?? {};
  if (launchMs !== undefined && macsPerMs !== undefined && bytesPerMs !== undefined)
    return { ...known, launchMs, macsPerMs, bytesPerMs, bytesPerElement };
  return { ...estimatePhysics(data, bytesPerElement), ...known };
}
