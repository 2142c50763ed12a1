import { listDatasetFiles } from '@nnmeter/dataset';
import { writeWhole } from '@nnmeter/files';
import { NnMeterError } from '@nnmeter/ir';
import { type Comparison, evaluate, fitScale, groupByFamily } from '@nnmeter/report';
import type { PlottedEvaluation } from '@nnmeter/report/views';
import { BatchPool } from '@nnmeter/threads';
import type { EvalArguments } from '../arguments.ts';
import { threadCount, usageError } from '../arguments.ts';
import { type LineBatch, readLineBatches } from '../eval/dataset.ts';
import { mayBeTrainedOn, requireKnownTraining } from '../eval/held-out.ts';
import { loadPredictors, predictorChoice } from '../predictors.ts';
import { startProgress } from '../render/progress.ts';
import { leavingNothing } from '../signals.ts';
import type { Terminal } from '../terminal.ts';
import { workerScript } from '../worker-script.ts';

/** Batches of lines per thread: the one it works on, and the next. */
const BATCHES_PER_THREAD = 2;

/** Compares predictions with the measurements of datasets. @returns the exit code */
export async function evalCommand(options: EvalArguments, terminal: Terminal): Promise<number> {
  const { json, plot } = options;
  const datasets = [...(options.datasets ?? []), ...(options['--'] ?? [])];
  if (datasets.length === 0) {
    throw usageError('no dataset given; name a .jsonl or .jsonl.gz file, or a folder of them');
  }
  if (plot !== undefined && !/\.(svg|html?)$/i.test(plot)) {
    throw usageError(`--plot "${plot}" must end in .svg or .html`);
  }
  const rows: PlottedEvaluation[] = [];
  for (const dataset of datasets) rows.push(...(await evaluateDataset(dataset, options, terminal)));
  if (json) {
    const evaluations = rows.map(({ evaluation }) => evaluation);
    await terminal.print(`${JSON.stringify(evaluations, null, 2)}\n`);
  } else {
    const { renderEvaluation } = await import('@nnmeter/report');
    const texts = rows.map(({ evaluation }) => renderEvaluation(evaluation, terminal));
    await terminal.print(texts.join('\n'));
  }
  if (plot !== undefined) {
    const { evaluationPage, evaluationSvg } = await import('@nnmeter/report/views');
    const drawing = /\.svg$/i.test(plot) ? evaluationSvg(rows) : evaluationPage(rows);
    await leavingNothing(() => writeWhole(plot, drawing));
    terminal.note(`nn-meter: wrote ${plot}`);
  }
  return 0;
}

async function evaluateDataset(
  dataset: string,
  options: EvalArguments,
  terminal: Terminal,
): Promise<readonly PlottedEvaluation[]> {
  const { column, scale } = options;
  const choice = predictorChoice(options);
  const predictors = await loadPredictors(choice);
  const onlyHeldOut = options['held-out'] === true;
  const ofColumn = column === undefined ? '' : ` "${column}"`;
  const wanted = `measurement${ofColumn}${onlyHeldOut ? ' of a held-out model' : ''}`;
  if (onlyHeldOut) predictors.forEach(requireKnownTraining);
  const threads = threadCount(options.threads);
  const { files, bytes } = await listDatasetFiles(dataset);
  const progress = await startProgress(bytes, 'bytes', terminal.showsProgress);
  const comparisons: Comparison[][] = predictors.map(() => []);
  try {
    const batches = readLineBatches(files, {
      onChunk: ({ length }) => progress.advance(length),
    });
    const pool = new BatchPool<LineBatch, Comparison[][]>();
    for (let thread = 0; thread < threads; thread++)
      pool.startWorker(workerScript('eval'), { ...choice, column });
    for await (const results of pool.map(batches, BATCHES_PER_THREAD)) {
      for (const [index, result] of results.entries()) comparisons[index]?.push(...result);
    }
  } finally {
    progress.stop();
  }
  const missing: string[] = [];
  const measured = predictors.flatMap((predictor, index) => {
    const { name } = predictor;
    const all = comparisons[index] ?? [];
    const heldOut = all.filter(({ id }) => !mayBeTrainedOn(predictor, id));
    const trained = all.length - heldOut.length;
    if (trained > 0 && !onlyHeldOut) {
      terminal.note(
        `nn-meter: note: by their names, ${name} was trained on ${trained} of these ${all.length} models; --held-out leaves them out`,
      );
    }
    const found = onlyHeldOut ? heldOut : all;
    if (found.length > 0) {
      const scaled = scale === 'fit' ? fitScale(found) : { comparisons: found, scale: undefined };
      const evaluation = evaluate(predictor, dataset, scaled.comparisons, {
        ...(column !== undefined && { column }),
        ...(scaled.scale !== undefined && { scale: scaled.scale }),
      });
      return [{ evaluation, families: groupByFamily(scaled.comparisons) }];
    }
    missing.push(name);
    return [];
  });
  const holdsNone = `${dataset} holds no ${wanted} for ${missing.join(', ')}`;
  if (measured.length === 0) throw new NnMeterError('E_MEASUREMENTS', holdsNone);
  if (missing.length > 0) terminal.note(`nn-meter: note: ${holdsNone}`);
  noteRepeatedIds(dataset, comparisons, terminal);
  return measured;
}

/** Models measured twice skew every figure, e.g. where a folder holds a file and its compressed copy. */
function noteRepeatedIds(
  dataset: string,
  comparisons: readonly (readonly Comparison[])[],
  terminal: Terminal,
): void {
  for (const each of comparisons) {
    const ids = new Set(each.map(({ id }) => id)).size;
    if (ids === each.length) continue;
    terminal.note(
      `nn-meter: note: ${dataset} repeats ids: ${each.length} measurements of ${ids} ids, all of which count`,
    );
    return;
  }
}
