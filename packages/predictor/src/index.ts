export {
  type ActivationAdvice,
  type Advice,
  adviseOn,
  type ChannelAdvice,
  withAdvice,
} from './advice.ts';
export { decodeBase64, encodeBase64 } from './base64.ts';
export {
  type Calibration,
  calibratePredictor,
  fitCalibration,
  isCalibration,
  type Measurement,
} from './calibration.ts';
export { coverageOf } from './coverage.ts';
export {
  type DeviceFacts,
  type DeviceSetting,
  type FamilyMetrics,
  type IntervalCoverage,
  type LearnedRecord,
  NAME_PATTERN,
  type PredictorDefinition,
  type ProtocolRecord,
  type Setting,
  type SettingSummary,
  type TrainingManifest,
} from './definition.ts';
export { detectFrontend, listFormats, registerFrontend } from './formats.ts';
export { mapReports, withWarning } from './map-reports.ts';
export { type MeasuredLine, parseMeasurements } from './measurements.ts';
export {
  detectModelType,
  isUnrecognised,
  modelFileToGraph,
  modelToGraph,
  readModelContent,
  readModelFile,
  type TypedGraph,
} from './models.ts';
export { precisionWarnings } from './precision-warnings.ts';
export {
  type ChosenSetting,
  createPredictor,
  type DevicePredictor,
  graphOf,
  type LatencyPredictor,
} from './predictor.ts';
export {
  isMeant,
  listDefinitions,
  listLatencyPredictors,
  loadLatencyPredictor,
  type PredictorSummary,
  registerPredictor,
} from './registry.ts';
export type { Coverage, KernelLatency, LatencyReport, Roofline, Uncounted } from './report.ts';
export { requireShapes } from './require-shapes.ts';
export { inSetting, settingText } from './settings.ts';
export { type KernelSize, type MeasuredSize, type ModelSize, measureSize } from './size.ts';
export type { PredictorSource, SourceEntry } from './source.ts';
export {
  type OpenedModel,
  openVariable,
  type SweepPoint,
  sweep,
  sweepValues,
  type Variable,
  type VariableModel,
  variablesOf,
} from './sweep.ts';
export { describeUncounted, measureUncounted, requireComplete } from './uncounted.ts';
