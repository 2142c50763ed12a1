import { resolve } from 'node:path';
import { writeWhole } from '@nnmeter/files';
import { listFormats, withAdvice } from '@nnmeter/predictor';
import { printable } from '@nnmeter/report';
import type { ReportToView, ViewedFailure, ViewedReport } from '@nnmeter/report/views';
import type { ReportArguments } from '../arguments.ts';
import { keepInputs } from '../keep-inputs.ts';
import { openInBrowser } from '../open-in-browser.ts';
import { loadPredictors, predictorChoice } from '../predictors.ts';
import { processSources, readWith } from '../process-sources.ts';
import { runBatch } from '../run-batch.ts';
import { leavingNothing } from '../signals.ts';
import { listSources, readOptions } from '../sources.ts';
import type { Terminal } from '../terminal.ts';

const DEFAULT_OUTPUT = 'report.html';

/** Writes a web page about models on devices. @returns the exit code */
export async function report(options: ReportArguments, terminal: Terminal): Promise<number> {
  const { output = DEFAULT_OUTPUT } = options;
  const reading = readOptions(options);
  const sources = await listSources(options, await listFormats(), options.recursive === true);
  await keepInputs(
    output,
    sources.map(({ model }) => model),
  );
  const predictors = await loadPredictors(predictorChoice(options));
  const { reportPage, viewFailure, viewReports } = await import('@nnmeter/report/views');
  const reports: ReportToView[] = [];
  const failures: ViewedFailure[] = [];
  const outcomes = processSources(sources, readWith(reading), ({ graph }, { model }) =>
    predictors.map((predictor) =>
      withAdvice(graph, { ...predictor.predictGraph(graph), model }, predictor),
    ),
  );
  const exitCode = await runBatch(
    outcomes,
    sources.length,
    {
      succeeded({ result }) {
        reports.push(...result);
      },
      failed({ model, failure: { message } }) {
        failures.push({ model, message });
      },
    },
    terminal,
  );
  if (reports.length === 0) return 1;
  const viewed: readonly ViewedReport[] = viewReports(reports);
  const page = reportPage({ reports: viewed, failures: failures.map(viewFailure) });
  if (output === '-') await terminal.print(page);
  else {
    await leavingNothing(() => writeWhole(output, page));
    terminal.note(`nn-meter: wrote ${printable(output)}`);
    if (options.open) await openInBrowser(resolve(output), terminal);
  }
  return exitCode;
}
