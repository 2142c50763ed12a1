import { listFormats } from '@nnmeter/predictor';
import { printable, type SummaryRow } from '@nnmeter/report';
import { type PredictArguments, threadCount, usageError } from '../arguments.ts';
import { limitsOf } from '../limits.ts';
import { type CheckedPrediction, predictSources } from '../predict-sources.ts';
import { loadPredictors, predictorChoice } from '../predictors.ts';
import { jsonOutput } from '../render/json.ts';
import { type BatchOutput, runBatch } from '../run-batch.ts';
import { listSources, readOptions } from '../sources.ts';
import type { Terminal } from '../terminal.ts';

const DEFAULT_TOP = 10;

/** Predicts every model on every chosen predictor and prints the results as they come. @returns the exit code */
export async function predict(options: PredictArguments, terminal: Terminal): Promise<number> {
  const { json, kernels, top } = options;
  if (top !== undefined && !(Number.isInteger(top) && top > 0)) {
    throw usageError('--top needs a positive whole number');
  }
  const limits = limitsOf(options);
  const threads = threadCount(options.threads);
  const reading = readOptions(options);
  const sources = await listSources(options, await listFormats(), options.recursive === true);
  const choice = predictorChoice(options);
  const predictors = await loadPredictors(choice);
  const detailed = kernels || top !== undefined || sources.length === 1;
  const style = {
    json: json === true,
    several: predictors.length > 1,
    top: kernels ? Number.POSITIVE_INFINITY : detailed ? (top ?? DEFAULT_TOP) : 0,
    colored: terminal.colors.isColorSupported,
    width: terminal.width,
  };
  const job = { choice, readOptions: reading, style, strict: options.strict === true, limits };
  const outcomes = predictSources(sources, job, predictors, threads);
  const output = json
    ? jsonOutput<CheckedPrediction>(terminal, ({ result }) => result.texts)
    : await textOutput(
        terminal,
        sources.length,
        predictors.map(({ name }) => name),
      );
  let isOver = false;
  const exitCode = await runBatch(
    outcomes,
    sources.length,
    {
      ...output,
      async succeeded(outcome) {
        await output.succeeded(outcome);
        for (const reason of outcome.result.overLimits)
          terminal.note(`nn-meter: over limit: ${printable(`${outcome.model}: ${reason}`)}`);
        isOver ||= outcome.result.overLimits.length > 0;
      },
    },
    terminal,
  );
  return isOver ? 1 : exitCode;
}

async function textOutput(
  terminal: Terminal,
  models: number,
  predictors: readonly string[],
): Promise<BatchOutput<CheckedPrediction>> {
  const rows: SummaryRow[] = [];
  return {
    async succeeded({ result }) {
      await terminal.print(result.texts.join(''));
      rows.push(result.row);
    },
    failed({ model }) {
      rows.push({ model, results: [], hidesWarnings: false });
    },
    async end() {
      const [row] = rows;
      const { renderComparison, renderSummary } = await import('@nnmeter/report');
      if (models > 1) await terminal.print(`\n${renderSummary(rows, predictors, terminal)}`);
      else if (row !== undefined && row.results.length > 1)
        await terminal.print(renderComparison(row, terminal));
    },
  };
}
