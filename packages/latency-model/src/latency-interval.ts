import type { KernelPrediction } from './latency-model.ts';
import { reloadMs, type WeightReload, weightMB } from './weight-reloads.ts';
import type { IntervalWidths } from './weights.ts';

/** A range that contains the measured latency with probability `level`. */
export interface LatencyInterval {
  /** ms */
  readonly low: number;
  /** ms */
  readonly high: number;
  readonly level: number;
}

/** A latency in parts that add up over kernels, and that decide how wide its interval is. */
export interface LatencyParts {
  /** ms, start-up included. */
  readonly totalMs: number;
  /** Number of kernels. */
  readonly kernels: number;
  /** What of the total is in kernels that are new to the device, each as far as it is new, ms. */
  readonly novelMs: number;
  /** What of the total is no more than an estimate, ms. */
  readonly estimatedMs: number;
}

/** A latency in parts, with what belongs to the network as a whole. */
export interface NetworkParts extends LatencyParts {
  /** What of the total is the reading of weights, ms. */
  readonly reloadMs: number;
  /** Weights in float32 that this depends on, MB; 0 on a device where nothing does. */
  readonly weightMB: number;
}

/** The sum of start-up, kernels and the reading of weights, by what is known of them. */
export function sumOfParts(
  startupMs: number,
  predictions: readonly KernelPrediction[],
  reloads: readonly WeightReload[] = [],
): NetworkParts {
  let totalMs = startupMs;
  let novelMs = 0;
  let allEstimatedMs = 0;
  let networkMB = 0;
  for (const { latencyMs, estimatedMs, novel = 0, description } of predictions) {
    totalMs += latencyMs;
    allEstimatedMs += estimatedMs;
    novelMs += novel * (latencyMs - estimatedMs);
    if (reloads.length > 0 && description !== undefined) networkMB += weightMB(description);
  }
  const ofNetwork = reloadMs(reloads, networkMB);
  return {
    totalMs: totalMs + ofNetwork,
    kernels: predictions.length,
    novelMs,
    estimatedMs: allEstimatedMs,
    reloadMs: ofNetwork,
    weightMB: networkMB,
  };
}

/** The range around a total that holds the measurement with the probability of the widths; null without widths. */
export function latencyInterval(
  widths: IntervalWidths | null,
  parts: LatencyParts,
): LatencyInterval | null {
  const { totalMs } = parts;
  if (widths === null || !(totalMs > 0)) return null;
  const factor = 1 + relativeWidth(widths, parts);
  return { low: totalMs / factor, high: totalMs * factor, level: widths.level };
}

/**
 * How far a measurement may be from the total, as a fraction of it. What new kernels add is independent of the scatter
 * of known ones, so that squares add up; estimates may be off all in one direction.
 */
export function relativeWidth(widths: IntervalWidths, parts: LatencyParts): number {
  const { known, novelty, estimated } = widthParts(widths, parts);
  return Math.hypot(known, widths.novel * novelty) + widths.estimated * estimated;
}

/**
 * What makes an interval wide: the width if all kernels were known, what the widths of new and of estimated ones are
 * multiplied by.
 */
export function widthParts(
  { known }: Pick<IntervalWidths, 'known'>,
  parts: LatencyParts,
): { known: number; novelty: number; estimated: number } {
  const { totalMs, novelMs, estimatedMs } = parts;
  const time = perKernelMs(parts);
  // Where kernels are shorter than any that were measured, overheads rule that training saw little of.
  const shorter = Math.max(0, Math.log(known[0]!.perKernelMs / time));
  return {
    known: knownWidth(known, time),
    novelty: Math.sqrt(shareOf(novelMs, totalMs)) * (1 + shorter),
    estimated: shareOf(estimatedMs, totalMs),
  };
}

/** Between two of the widths by the logarithm of the time per kernel; beyond them the nearest one. */
function knownWidth(known: IntervalWidths['known'], time: number): number {
  const next = known.findIndex(({ perKernelMs }) => perKernelMs > time);
  if (next === -1) return known.at(-1)!.width;
  if (next === 0) return known[0]!.width;
  const [below, above] = [known[next - 1]!, known[next]!];
  const place =
    Math.log(time / below.perKernelMs) / Math.log(above.perKernelMs / below.perKernelMs);
  return below.width * (above.width / below.width) ** place;
}

/** ms; a model without kernels counts as one. */
export function perKernelMs({ totalMs, kernels }: LatencyParts): number {
  return totalMs / Math.max(1, kernels);
}

function shareOf(ms: number, totalMs: number): number {
  return Math.min(1, Math.max(0, ms / totalMs));
}
