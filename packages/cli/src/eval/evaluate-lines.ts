import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { type Graph, locateErrors, NnMeterError } from '@nnmeter/ir';
import { isMeasurement } from '@nnmeter/latency-model';
import type { LatencyPredictor } from '@nnmeter/predictor';
import type { LineBatch } from './dataset.ts';

/** One model, measured on one device and predicted for it; ms. */
export interface Comparison {
  readonly id: string;
  readonly measured: number;
  readonly predicted: number;
  /** Undefined if the predictor gives no interval. */
  readonly inInterval: boolean | undefined;
}

/**
 * Predicts the models of a dataset's lines that were measured on the predictors' devices.
 * @returns a list per predictor, in their order
 * @throws NnMeterError E_MEASUREMENTS naming file and line: not JSON, no id or graph, a measurement that is no positive
 * number; the error of the graph, with file, line and id, if it cannot be predicted
 */
export function evaluateLines(
  { file, firstLine, lines }: LineBatch,
  predictors: readonly LatencyPredictor[],
): Comparison[][] {
  const comparisons: Comparison[][] = predictors.map(() => []);
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const where = `${file}, line ${firstLine + index}`;
    const { id, graph, ...measurements } = parseLine(line, where);
    const measured = predictors.map(({ name }) => measurement(measurements, name, where, id));
    if (measured.every((ms) => ms === null)) continue;
    const inModel = () => `${where} (${id})`;
    const read = locateErrors(inModel, () => readNnMeterIr(graph, { name: id }));
    for (const [device, predictor] of predictors.entries()) {
      const ms = measured[device];
      if (typeof ms !== 'number') continue;
      comparisons[device]?.push(locateErrors(inModel, () => compare(predictor, read, ms)));
    }
  }
  return comparisons;
}

function parseLine(line: string, where: string): Record<string, unknown> & { readonly id: string } {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch (cause) {
    const { message } = cause as Error;
    throw new NnMeterError('E_MEASUREMENTS', `${where} is not JSON: ${message}`, { cause });
  }
  const { id, graph } = (entry ?? {}) as { id?: unknown; graph?: unknown };
  if (typeof id !== 'string' || typeof graph !== 'object' || graph === null) {
    throw new NnMeterError(
      'E_MEASUREMENTS',
      `${where} is not an object with an "id" and a "graph"`,
    );
  }
  return entry as Record<string, unknown> & { id: string };
}

/** Null if the model was not measured on the device. */
function measurement(
  measurements: Readonly<Record<string, unknown>>,
  device: string,
  where: string,
  id: string,
): number | null {
  const value = Object.hasOwn(measurements, device) ? measurements[device] : null;
  if (value === null || isMeasurement(value)) return value;
  throw new NnMeterError(
    'E_MEASUREMENTS',
    `${where}: ${device} of ${id} is ${JSON.stringify(value)}; it must be a positive number of ms (1e-9 to 1e12), or null`,
  );
}

function compare(predictor: LatencyPredictor, graph: Graph, measured: number): Comparison {
  const { latencyMs, interval } = predictor.predictGraph(graph);
  const inInterval =
    interval === null ? undefined : interval.low <= measured && measured <= interval.high;
  return { id: graph.name, measured, predicted: latencyMs, inInterval };
}
