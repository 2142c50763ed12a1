import {
  type LatencyPredictor,
  listLatencyPredictors,
  loadLatencyPredictor,
} from '@nnmeter/predictor';

/**
 * Loads the predictors of --predictor, each once; "all" stands for every installed one.
 * @throws NnMeterError E_UNKNOWN_PREDICTOR, E_MISSING_PACKAGE, E_WEIGHTS
 */
export async function loadPredictors(
  names: readonly string[],
  version: string | undefined,
): Promise<readonly LatencyPredictor[]> {
  const found = new Map<string, LatencyPredictor>();
  for (const name of names) {
    for (const each of name.toLowerCase() === 'all' ? await installedNames() : [name]) {
      const predictor = await loadLatencyPredictor(each, version);
      found.set(predictor.name, predictor);
    }
  }
  return [...found.values()];
}

async function installedNames(): Promise<readonly string[]> {
  const summaries = await listLatencyPredictors();
  return summaries.filter((summary) => summary.installed).map((summary) => summary.name);
}
