export type { Comparison } from './comparison.ts';
export { csvRow } from './csv.ts';
export {
  type Accuracy,
  type Evaluation,
  evaluate,
  fitScale,
  groupByFamily,
  type WorstModel,
} from './evaluation.ts';
export { renderEvaluation } from './evaluation-text.ts';
export { type FailureJson, failureToJson, type HintWords } from './failure-json.ts';
export {
  formatBytes,
  formatCount,
  formatMs,
  formatShape,
  formatShare,
  formatTimeLeft,
  printable,
  shortenMiddle,
  wrap,
} from './format.ts';
export { type Limits, overLimits } from './limits.ts';
export { type PredictionStyle, type RenderedPrediction, renderPrediction } from './prediction.ts';
export { type ReportJson, reportToJson } from './report-json.ts';
export { renderReport } from './report-text.ts';
export { renderComparison, renderSummary, type SummaryRow } from './summary.ts';
export {
  type FailedPoint,
  type PointPrediction,
  type PredictedPoint,
  type Sweep,
  sweepOf,
} from './sweep.ts';
export { renderSweep } from './sweep-text.ts';
export { type Column, fits, renderTable } from './table.ts';
export type { Colors, TextStyle } from './text-style.ts';
