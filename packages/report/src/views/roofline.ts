import type { ViewedKernel, ViewedReport } from './page-data.ts';

/** A kernel beside the ceilings of its device. */
export interface RooflinePoint {
  readonly kernel: ViewedKernel;
  /** Position in the report. */
  readonly index: number;
  readonly macsPerByte: number;
  readonly macsPerMs: number;
  /** The least time that the ceilings allow, ms; undefined where they are not known. */
  readonly leastMs: number | undefined;
  /** What the least time is for. */
  readonly bound: 'compute' | 'memory' | undefined;
}

/** Bytes of an element where the device does not say: float32. */
const BYTES_PER_ELEMENT = 4;

/** The kernels that multiply, beside the ceilings of the device; bytes are in the number format that it computes in. */
export function rooflinePoints({ kernels, roofline }: ViewedReport): readonly RooflinePoint[] {
  const bytesPerElement = roofline?.bytesPerElement ?? BYTES_PER_ELEMENT;
  return kernels.flatMap((kernel, index) => {
    const { macs, latencyMs, elementsMoved } = kernel;
    if (!(macs > 0 && latencyMs > 0 && elementsMoved > 0)) return [];
    const bytes = elementsMoved * bytesPerElement;
    const computeMs = roofline === null ? undefined : macs / roofline.macsPerMs;
    const memoryMs = roofline === null ? undefined : bytes / roofline.bytesPerMs;
    return {
      kernel,
      index,
      macsPerByte: macs / bytes,
      macsPerMs: macs / latencyMs,
      leastMs:
        computeMs === undefined || memoryMs === undefined
          ? undefined
          : Math.max(computeMs, memoryMs),
      bound:
        computeMs === undefined || memoryMs === undefined
          ? undefined
          : computeMs >= memoryMs
            ? 'compute'
            : 'memory',
    };
  });
}
