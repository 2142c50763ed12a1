import { graphToOnnx } from '@nnmeter/export-onnx';
import { exportTflite } from '@nnmeter/export-tflite';
import { readNnMeterIr, writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { readOnnx } from '@nnmeter/frontend-onnx';
import { readTfLite } from '@nnmeter/frontend-tflite';
import { type ErrorCode, type Graph, graphCost, NnMeterError } from '@nnmeter/ir';
import type { KernelLatency, LatencyPredictor, LatencyReport } from '@nnmeter/predictor';
import { devices } from './devices.ts';
import { type Oracle, Violation } from './judge.ts';

/**
 * Predicts a graph that was read, exports it as ONNX and TFLite, and writes and reads it as nn-Meter IR.
 * @throws NnMeterError if no device can predict it
 */
export function useGraph(graph: Graph): void {
  const reports = devices.map((device) => checkedReport(device, graph));
  const exported = refusable(() => graphToOnnx(graph));
  if (exported !== undefined) readOwn('export', () => readOnnx(exported), CONTRADICTIONS);
  const lite = isSmall(graph) ? refusable(() => exportTflite(graph)) : undefined;
  if (lite !== undefined) readOwn('export', () => readTfLite(lite), CONTRADICTIONS);
  const written = refusable(() => writeNnMeterIr(graph));
  if (written !== undefined) expectSameAgain(written, reports);
}

/** TFLite files hold the zeros of their weights; mutants may have any number of them. */
const MOST_WEIGHT_BYTES = 1e6;

function isSmall(graph: Graph): boolean {
  return graphCost(graph).weightBytes <= MOST_WEIGHT_BYTES;
}

/** What `make` gives, or undefined where an error of ours refuses. */
function refusable<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof NnMeterError) return undefined;
    throw error;
  }
}

/** A model whose shapes contradict each other still does when it is exported. */
const CONTRADICTIONS: readonly ErrorCode[] = ['E_SHAPE', 'E_LIMIT'];

/** What we wrote we also read, or it is refused for one of some reasons. */
function readOwn(
  oracle: Oracle,
  read: () => Graph,
  reasons: readonly ErrorCode[] = [],
): Graph | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof NnMeterError)) throw error;
    if (reasons.includes(error.code)) return undefined;
    throw new Violation(oracle, `written, but not read again: ${error.message}`, error);
  }
}

/** Reads what was written and predicts it; each device must say what it said, to the last bit. */
function expectSameAgain(written: object, reports: readonly LatencyReport[]): void {
  const graph = readOwn('round-trip', () => readNnMeterIr(JSON.stringify(written)))!;
  for (const [index, device] of devices.entries()) {
    if (Object.is(reports[index]!.latencyMs, device.totalMs(graph))) continue;
    const again = device.predictGraph(graph);
    throw new Violation('round-trip', `${device.name}: ${firstDifference(reports[index]!, again)}`);
  }
}

function firstDifference(before: LatencyReport, after: LatencyReport): string {
  const say = (kernel: KernelLatency | undefined): string =>
    kernel === undefined
      ? 'nothing'
      : `${kernel.type} [${kernel.input}] -> [${kernel.output}] ${kernel.latencyMs} ms`;
  const longer = before.kernels.length > after.kernels.length ? before : after;
  for (const at of longer.kernels.keys()) {
    const [was, is] = [say(before.kernels[at]), say(after.kernels[at])];
    if (was !== is) return `${was}; when read again ${is}`;
  }
  return `${before.latencyMs} ms; when read again ${after.latencyMs} ms`;
}

/** What a device says of a graph, once every number of it is one that can be. */
export function checkedReport(device: LatencyPredictor, graph: Graph): LatencyReport {
  const report = device.predictGraph(graph);
  for (const [what, value] of numbersOf(report)) {
    if (value >= 0 && value < Number.POSITIVE_INFINITY) continue;
    throw new Violation('latency', `${device.name}: ${what} is ${value}`);
  }
  const total = device.totalMs(graph);
  if (!Object.is(total, report.latencyMs)) {
    throw new Violation(
      'latency',
      `${device.name}: ${total} ms alone, ${report.latencyMs} in the report`,
    );
  }
  return report;
}

function* numbersOf(report: LatencyReport): Generator<readonly [what: string, value: number]> {
  yield ['the total', report.latencyMs];
  yield ['the start-up', report.startupMs];
  if (report.interval !== null) {
    yield ['the low end', report.interval.low];
    yield ['the high end', report.interval.high];
  }
  for (const { type, latencyMs } of report.kernels) yield [`kernel ${type}`, latencyMs];
}
