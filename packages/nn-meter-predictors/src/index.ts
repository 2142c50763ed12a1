export { type BenchmarkModel, benchDataset } from './benchmark.ts';
export { createNnMeterPredictor, type NnMeterPredictorParts } from './nn-meter-predictor.ts';
export { type Category, type NnMeterRelease, nnMeterReleases } from './releases.ts';
