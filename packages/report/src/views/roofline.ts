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
export function rooflinePoints(report: ViewedReport): readonly RooflinePoint[] {
  const known = pointsOf.get(report);
  if (known !== undefined) return known;
  const points = findPoints(report);
  pointsOf.set(report, points);
  return points;
}

/** Several views of a report ask for its points. */
const pointsOf = new WeakMap<ViewedReport, readonly RooflinePoint[]>();

function findPoints({ kernels, roofline }: ViewedReport): readonly RooflinePoint[] {
  const bytesPerElement = roofline?.bytesPerElement ?? BYTES_PER_ELEMENT;
  return kernels.flatMap((kernel, index) => {
    const { macs, latencyMs, elementsMoved } = kernel;
    if (!(macs > 0 && latencyMs > 0 && elementsMoved > 0)) return [];
    const bytes = elementsMoved * bytesPerElement;
    return {
      kernel,
      index,
      macsPerByte: macs / bytes,
      macsPerMs: macs / latencyMs,
      ...(roofline === null
        ? { leastMs: undefined, bound: undefined }
        : ceilingOf(macs / roofline.macsPerMs, bytes / roofline.bytesPerMs)),
    };
  });
}

function ceilingOf(computeMs: number, memoryMs: number): Pick<RooflinePoint, 'leastMs' | 'bound'> {
  return computeMs >= memoryMs
    ? { leastMs: computeMs, bound: 'compute' }
    : { leastMs: memoryMs, bound: 'memory' };
}
