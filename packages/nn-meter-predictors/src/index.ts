export { type Configuration, readConfiguration } from './configuration.ts';
export { detectNnMeterKernels, type NnMeterKernel } from './detect/detect.ts';
export { nnMeterFeatures, nnMeterRegressor } from './detect/features.ts';
export type { DownloadOptions } from './download.ts';
export type { ImportOptions } from './import-release.ts';
export { buildJournal, keepPlugin, requireFreeName } from './kept-plugins.ts';
export { nnMeterDataset } from './nn-meter-dataset.ts';
export { createNnMeterPredictor, type NnMeterPredictorParts } from './nn-meter-predictor.ts';
export { type PullOptions, pullDataset, pullNnMeterPredictor } from './pull.ts';
export {
  importNnMeterPredictor,
  type RemovedPredictor,
  registerNnMeterPredictor,
  unregisterNnMeterPredictor,
} from './register.ts';
export type { Regressors } from './regressors.ts';
export { type Category, type NnMeterRelease, nnMeterReleases } from './releases.ts';
export { predictorSource } from './source.ts';
export type { Origin, StoredForest, StoredPredictor } from './store.ts';
