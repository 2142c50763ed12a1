import {
  listFormats,
  openVariable,
  type SweepPoint,
  sweep as sweepModel,
} from '@nnmeter/predictor';
import { renderSweep, type Sweep, sweepOf } from '@nnmeter/report';
import { type PredictArguments, usageError } from '../arguments.ts';
import { describeFailure } from '../failure.ts';
import { loadPredictors, predictorChoice } from '../predictors.ts';
import { processSources } from '../process-sources.ts';
import { jsonOutput } from '../render/json.ts';
import { runBatch } from '../run-batch.ts';
import { listSources, readOptions } from '../sources.ts';
import { sweepArgument } from '../sweep-argument.ts';
import type { Terminal } from '../terminal.ts';

/** What is of one prediction only. */
const REFUSED = ['kernels', 'top', 'strict', 'max-ms', 'max-memory', 'max-params'] as const;

/**
 * Predicts every model for many values of a variable. Values that a model cannot take are part of the result.
 * @returns the exit code, 1 if a model failed for all values
 */
export async function sweep(
  options: PredictArguments & { readonly sweep: string },
  terminal: Terminal,
): Promise<number> {
  const refused = REFUSED.find((name) => options[name] !== undefined);
  if (refused !== undefined) throw usageError(`--sweep and --${refused} do not go together`);
  const { variable, values } = sweepArgument(options.sweep);
  const first = { [variable]: values[0]! };
  const reading = readOptions(options);
  const sources = await listSources(options, await listFormats(), options.recursive === true);
  const predictors = await loadPredictors(predictorChoice(options));
  const outcomes = processSources(
    sources,
    ({ model, type }) => openVariable(model, type, reading, first),
    async (variableModel, { model }) => {
      const points: SweepPoint[] = [];
      for await (const point of sweepModel(variableModel, variable, values, predictors))
        points.push(point);
      return sweepOf({ model, type: variableModel.type, variable }, points, describeFailure);
    },
  );
  const output = options.json
    ? jsonOutput<Sweep>(terminal, ({ result }) => [JSON.stringify(result)])
    : {
        succeeded: ({ result }: { readonly result: Sweep }) =>
          terminal.print(`${renderSweep(result, terminal)}\n`),
      };
  let failsEverywhere = false;
  const exitCode = await runBatch(
    outcomes,
    sources.length,
    {
      ...output,
      async succeeded(outcome) {
        await output.succeeded(outcome);
        failsEverywhere ||= outcome.result.points.every((point) => 'error' in point);
      },
    },
    terminal,
  );
  return failsEverywhere ? 1 : exitCode;
}
