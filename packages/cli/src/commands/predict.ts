import type { LatencyReport } from '@nnmeter/predictor';
import { type PredictArguments, usageError } from '../arguments.ts';
import { loadPredictors, predictorChoice } from '../predictors.ts';
import { processSources, type Succeeded } from '../process-sources.ts';
import { jsonSink } from '../render/json.ts';
import { runBatch, type Sink } from '../run-batch.ts';
import { inputShapes, listSources } from '../sources.ts';
import type { Terminal } from '../terminal.ts';

const DEFAULT_TOP = 10;

/** Predicts every model on every chosen predictor and prints the results as they come. @returns the exit code */
export async function predict(options: PredictArguments, terminal: Terminal): Promise<number> {
  const { json, kernels, top } = options;
  if (top !== undefined && !(Number.isInteger(top) && top > 0)) {
    throw usageError('--top needs a positive whole number');
  }
  const readOptions = inputShapes(options['input-shape']);
  const sources = await listSources(options, options.recursive === true);
  const predictors = await loadPredictors(predictorChoice(options));
  const outcomes = processSources(sources, readOptions, (graph) =>
    predictors.map((predictor) => predictor.predictGraph(graph)),
  );
  const detailed = kernels || top !== undefined || sources.length === 1;
  const sink = json
    ? jsonSink<readonly LatencyReport[]>(terminal, predictElements)
    : await textSink(terminal, {
        predictors: predictors.map((predictor) => predictor.name),
        models: sources.length,
        top: kernels ? Number.POSITIVE_INFINITY : detailed ? (top ?? DEFAULT_TOP) : 0,
      });
  return runBatch(outcomes, sources.length, sink, terminal);
}

/** The elements of `predict --json`, see schema/predict.schema.json. */
function predictElements({ model, type, result }: Succeeded<readonly LatencyReport[]>): object[] {
  return result.map((report) => ({
    model,
    type,
    predictor: report.predictor,
    version: report.version,
    latencyMs: report.latencyMs,
    interval: report.interval,
    coverage: report.coverage,
    kernels: report.kernels,
    extrapolation: report.extrapolation,
    warnings: report.warnings,
  }));
}

interface TextOptions {
  readonly predictors: readonly string[];
  /** Number of models to come. */
  readonly models: number;
  /** Kernels to show of each model, 0: no breakdown. */
  readonly top: number;
}

async function textSink(
  terminal: Terminal,
  { predictors, models, top }: TextOptions,
): Promise<Sink<readonly LatencyReport[]>> {
  const [{ renderReport, resultLine }, { renderComparison, renderSummary, summarize }] =
    await Promise.all([import('../render/report.ts'), import('../render/summary.ts')]);
  const several = predictors.length > 1;
  const rows: ReturnType<typeof summarize>[] = [];
  return {
    async succeeded({ model, result }) {
      for (const report of result) {
        await terminal.print(resultLine({ ...report, model }, several));
        if (top > 0)
          await terminal.print(`\n${renderReport({ ...report, model }, top, terminal)}\n`);
      }
      rows.push(summarize(model, result));
    },
    async failed({ model }) {
      rows.push(summarize(model, []));
    },
    async end() {
      if (models > 1) await terminal.print(`\n${renderSummary(rows, predictors, terminal)}`);
      else if (several && rows[0]?.results.length) {
        await terminal.print(renderComparison(rows[0], terminal));
      }
    },
  };
}
