import { parseDatasetModel } from '@nnmeter/dataset';
import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { type Graph, locateErrors } from '@nnmeter/ir';
import type { LatencyPredictor } from '@nnmeter/predictor';
import type { Comparison } from '@nnmeter/report';
import type { LineBatch } from './dataset.ts';

/**
 * Predicts the models of a dataset's lines that were measured on the predictors' devices.
 * @param column of the measurements; default: the predictors' names
 * @returns a list per predictor, in their order
 * @throws NnMeterError E_MEASUREMENTS naming file and line: not JSON, no id or graph, a measurement that is no positive
 * number; the error of the graph, with file, line and id, if it cannot be predicted
 */
export function evaluateLines(
  { file, firstLine, lines }: LineBatch,
  predictors: readonly LatencyPredictor[],
  column?: string,
): Comparison[][] {
  const comparisons: Comparison[][] = predictors.map(() => []);
  const devices = predictors.map(({ name }) => column ?? name);
  for (const [offset, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const where = `${file}, line ${firstLine + offset}`;
    const { id, graph, measured } = parseDatasetModel(line, where, devices);
    if (Object.values(measured).every((ms) => ms === null)) continue;
    const inModel = () => ({ list: file, line: firstLine + offset, id });
    const read = locateErrors(inModel, () => readNnMeterIr(graph, { name: id }));
    for (const [index, predictor] of predictors.entries()) {
      const ms = measured[devices[index]!];
      if (typeof ms !== 'number') continue;
      comparisons[index]?.push(locateErrors(inModel, () => compare(predictor, read, ms)));
    }
  }
  return comparisons;
}

function compare(predictor: LatencyPredictor, graph: Graph, measured: number): Comparison {
  const { latencyMs, interval } = predictor.predictGraph(graph);
  const inInterval =
    interval === null ? undefined : interval.low <= measured && measured <= interval.high;
  return { id: graph.name, measured, predicted: latencyMs, inInterval };
}
