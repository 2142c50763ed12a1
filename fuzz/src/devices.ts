import {
  type LatencyPredictor,
  listLatencyPredictors,
  loadLatencyPredictor,
} from '@nnmeter/predictor';

/** The predictors of all published devices. */
export const devices: readonly LatencyPredictor[] = await Promise.all(
  (await listLatencyPredictors(undefined, 'full'))
    .filter((summary) => summary.package !== null)
    .map(({ name }) => loadLatencyPredictor(name)),
);
