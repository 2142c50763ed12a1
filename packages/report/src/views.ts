export { STYLES } from './generated/client.ts';
export { type Sweep, sweepOf } from './sweep.ts';
export { AdviceList } from './views/advice-list.tsx';
export { ComparisonTable } from './views/comparison-table.tsx';
export type { DocumentSection, LinePlot, ViewedDocument } from './views/document-view.tsx';
export { EvaluationView, type PlottedEvaluation } from './views/evaluation-view.tsx';
export { KernelTable } from './views/kernel-table.tsx';
export { type MatchedKernels, matchKernels } from './views/match-kernels.ts';
export { ModuleChart } from './views/module-chart.tsx';
export { type Module, modulePath, moduleTree } from './views/module-tree.ts';
export {
  documentPage,
  evaluationPage,
  evaluationSvg,
  reportPage,
  searchPage,
} from './views/page.tsx';
export {
  type KernelGroup,
  type ReportToView,
  reportViewer,
  shown,
  type ViewedFailure,
  type ViewedKernel,
  type ViewedReport,
  viewFailure,
  viewReports,
} from './views/page-data.ts';
export {
  Certainty,
  Overview,
  ReportDetails,
  ReportView,
  type Viewed,
} from './views/report-view.tsx';
export { type RooflinePoint, rooflinePoints } from './views/roofline.ts';
export { RooflineChart } from './views/roofline-chart.tsx';
export { SearchView, type ViewedFinalist, type ViewedSearch } from './views/search-view.tsx';
export { SweepChart } from './views/sweep-chart.tsx';
export { TimelineChart } from './views/timeline-chart.tsx';
