import { describeUncounted, type LatencyReport } from '@nnmeter/predictor';
import picocolors from 'picocolors';
import { formatMs, printable } from './format.ts';
import { reportToJson } from './report-json.ts';
import type { SummaryRow } from './summary.ts';

/** How predictions are shown; plain data, so that worker threads can be told. */
export interface PredictionStyle {
  readonly json: boolean;
  /** Whether there are several predictors, so that lines have to name theirs. */
  readonly several: boolean;
  /** Kernels to show of each model, 0: no breakdown. */
  readonly top: number;
  readonly colored: boolean;
  /** Columns available for tables. */
  readonly width: number;
}

/** The predictions for one model, ready to be printed. */
export interface RenderedPrediction {
  /** Elements of the JSON output, or pieces of text. */
  readonly texts: readonly string[];
  readonly row: SummaryRow;
}

/** Renders the reports on one model in the thread that made them: texts are cheaper to hand over than reports. */
export async function renderPrediction(
  model: string,
  type: string,
  reports: readonly LatencyReport[],
  style: PredictionStyle,
): Promise<RenderedPrediction> {
  const row = summarize(model, reports, style);
  if (style.json) {
    const texts = reports.map((report) => JSON.stringify(reportToJson(model, type, report)));
    return { texts, row };
  }
  const texts: string[] = [];
  for (const report of reports) {
    const named = { ...report, model };
    texts.push(resultLine(named, style.several));
    if (style.top === 0) continue;
    const { renderReport } = await import('./report-text.ts');
    const colors = picocolors.createColors(style.colored);
    texts.push(`\n${renderReport(named, style.top, { colors, width: style.width })}\n`);
  }
  return { texts, row };
}

/**
 * The line the original nn-Meter prints, which scripts look for; names the predictor if there are several, and what is
 * missing if the latency is not that of the whole model.
 */
function resultLine(report: LatencyReport, several: boolean): string {
  const model = report.model.replace(/^.*[/\\](?=[^/\\])/, '');
  const device = several ? ` on ${report.predictor}` : '';
  const missing = report.complete ? '' : ` INCOMPLETE: ${printable(describeUncounted(report))}`;
  return `(nn-Meter) [RESULT] predict latency for ${printable(model)}${device}: ${formatMs(report.latencyMs)} ms${missing}\n`;
}

function summarize(
  model: string,
  reports: readonly LatencyReport[],
  { top }: PredictionStyle,
): SummaryRow {
  const results = reports.map(({ predictor, latencyMs, complete, interval, coverage }) => {
    return { predictor, latencyMs, complete, interval, coverage };
  });
  const hidesWarnings = top === 0 && reports.some(({ warnings }) => warnings.length > 0);
  return { model, results, hidesWarnings };
}
