import { describeUncounted, type LatencyReport } from '@nnmeter/predictor';
import { formatBytes, formatCount, formatMs } from './format.ts';

/** What a model may take at most; each is optional. */
export interface Limits {
  /** Latency, ms. */
  readonly ms?: number | undefined;
  /** Weights, and the most activations at a time, bytes. */
  readonly memoryBytes?: number | undefined;
  readonly parameters?: number | undefined;
}

/** Where a report is over its limits, in words; what is not fully known keeps to no limit. Empty if it keeps to all. */
export function overLimits(report: LatencyReport, limits: Limits): readonly string[] {
  const { predictor, latencyMs, complete, size } = report;
  const memoryBytes = size.weightBytes + size.activationBytes;
  const reasons: string[] = [];
  if (limits.ms !== undefined) {
    const limit = `the limit of ${formatMs(limits.ms)} ms`;
    if (latencyMs > limits.ms)
      reasons.push(`${formatMs(latencyMs)} ms on ${predictor} are over ${limit}`);
    else if (!complete)
      reasons.push(
        `whether it keeps to ${limit} on ${predictor} is unknown: ${describeUncounted(report)}`,
      );
  }
  if (limits.memoryBytes !== undefined) {
    const limit = `the limit of ${formatBytes(limits.memoryBytes)}`;
    if (memoryBytes > limits.memoryBytes)
      reasons.push(
        `${formatBytes(memoryBytes)} of weights and activations on ${predictor} are over ${limit}`,
      );
    else if (size.unknownActivations > 0)
      reasons.push(
        `whether it keeps to ${limit} on ${predictor} is unknown: activations without a known shape: ${size.unknownActivations}`,
      );
  }
  if (limits.parameters !== undefined && size.parameters > limits.parameters)
    reasons.push(
      `${formatCount(size.parameters)} parameters are over the limit of ${formatCount(limits.parameters)}`,
    );
  return reasons;
}
