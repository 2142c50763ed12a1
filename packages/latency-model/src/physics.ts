import { type KernelDescription, macsOf, windowOf } from './kernel-description.ts';
import { KIND } from './kernel-kind.ts';

/**
 * Limits of a device that no kernel can beat, and from which never measured kernels are estimated. Training builds on
 * them, so that they are part of the weights. They come from the device's `device.json`, which says where each is from,
 * or are estimated from its measurements (`estimatePhysics` of @nnmeter/training).
 */
export interface DevicePhysics {
  /** Start of one kernel, ms. */
  readonly launchMs: number;
  /** Peak multiply-accumulates per ms. */
  readonly macsPerMs: number;
  /** Peak bytes per ms, between the compute units and the nearest memory that can hold a tensor. */
  readonly bytesPerMs: number;
  readonly bytesPerElement: number;
  /** Fully connected layers whose cost levels off. */
  readonly fullyConnected?: {
    readonly launchMs: number;
    readonly msPerMac: number;
    /** Multiply-accumulates at which the cost is half of what it were without levelling off. */
    readonly levelOff: number;
    /** Greatest layer of the benchmark; multiply-accumulates beyond it cost memory time again. */
    readonly measuredUpTo: number;
  };
}

/** Elements of a kernel's constant operands. */
export function weightElements(kernel: KernelDescription): number {
  const k = kernel;
  const window = windowOf(k);
  switch (k.kind) {
    case KIND.conv:
    case KIND.convtranspose:
    case KIND.fc:
      return (window * k.channels * k.outChannels) / k.groups;
    case KIND.dwconv:
      return window * k.outChannels;
    case KIND.se:
      return 2 * k.channels * k.inner;
    case KIND.recurrent:
      return 4 * k.inner * (k.channels + k.inner);
    default:
      return 0;
  }
}

/** Bytes a kernel must move at least: computed inputs, outputs and weights, once each. */
export function bytesMoved(kernel: KernelDescription, bytesPerElement: number): number {
  return bytesPerElement * (kernel.inputElements + kernel.outputElements + weightElements(kernel));
}

/**
 * The least time a kernel takes, ms: launch plus the larger of compute and memory time (the roofline).
 * Fully connected layers on GPUs are an exception: up to 0.7 M weights they were measured at their memory time, but the
 * benchmark's totals do not grow with larger ones, so that their memory time levels off.
 */
export function kernelFloor(kernel: KernelDescription, physics: DevicePhysics): number {
  const { fullyConnected } = physics;
  if (kernel.kind === KIND.fc && fullyConnected !== undefined) {
    const macs = macsOf(kernel);
    const { launchMs, msPerMac, levelOff, measuredUpTo } = fullyConnected;
    return (
      launchMs +
      macs * (msPerMac / (1 + macs / levelOff) + 1 / physics.macsPerMs) +
      Math.max(0, macs - measuredUpTo) * msPerMac
    );
  }
  const compute = macsOf(kernel) / physics.macsPerMs;
  const memory = bytesMoved(kernel, physics.bytesPerElement) / physics.bytesPerMs;
  return physics.launchMs + Math.max(compute, memory);
}
