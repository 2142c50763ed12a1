export { Candidate } from './candidate.ts';
export {
  type Choice,
  ChoiceIndex,
  type Choices,
  type ChoiceValue,
  type Genome,
  type Sample,
} from './choices.ts';
export { type CompileOptions, type CompileProgress, compileSpace } from './compile.ts';
export { Drawing } from './drawing.ts';
export type { Evaluation, EvaluationLimits, EvaluationRequest, Evaluator } from './evaluator.ts';
export { FigureLayout, measureSamples, type SizeName, type TimeName } from './figures.ts';
export { type Filter, type LatencyFilterOptions, latencyFilter, sizeFilter } from './filters.ts';
export { nniLatencyTable, ofaLatencyTable } from './foreign-tables.ts';
export { httpEvaluator } from './http-evaluator.ts';
export type {
  LatencyTable,
  TableCheck,
  TableDevice,
  TableSums,
  TableTerm,
} from './latency-table.ts';
export {
  type CandidateValues,
  isSize,
  type Objective,
  PROXY,
  settleObjectives,
} from './objectives.ts';
export { type Costs, dominates, hypervolume, paretoFronts } from './pareto.ts';
export {
  type Finalist,
  FRONTS,
  finalistReports,
  finalistsCsv,
  type SearchResult,
  searchResult,
  spread,
} from './results.ts';
export type { Random } from './sampling.ts';
export {
  type EvaluatedCandidate,
  type SearchOptions,
  type SearchRecord,
  search,
  searchFronts,
} from './search.ts';
export {
  type ChoiceInput,
  defineSpace,
  narrowSpace,
  type SearchSpace,
  type SpaceDefinition,
  spaceHash,
} from './space.ts';
export { spaceNamed, spaces } from './spaces/index.ts';
export { type EvolutionOptions, regularizedEvolution } from './strategies/evolution.ts';
export { gridSearch } from './strategies/grid.ts';
export { type StrategyName, strategyNamed, strategyNames } from './strategies/index.ts';
export { type LocalSearchOptions, localSearch } from './strategies/local-search.ts';
export { type Nsga2Options, nsga2 } from './strategies/nsga2.ts';
export { randomSearch } from './strategies/random.ts';
export type { Strategy, StrategyContext, StrategyFactory } from './strategies/strategy.ts';
export { type FilterSurvey, fastestOn, surveyFilters } from './survey.ts';
export { type DeviceLatency, type SampleFigures, TableScorer } from './table-scorer.ts';
export { viewSearch } from './view-search.ts';
