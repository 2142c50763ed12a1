import type { LatencyPredictor } from './predictor.ts';
import type { LatencyReport } from './report.ts';

/**
 * The predictor whose reports are those of another one, changed: whatever it is asked, it answers accordingly.
 * @param reloads if they are changed too
 */
export function mapReports(
  predictor: LatencyPredictor,
  change: (report: LatencyReport) => LatencyReport,
  reloads = predictor.reloads,
): LatencyPredictor {
  const { name, aliases, version, device, manifest, setting } = predictor;
  return {
    name,
    aliases,
    version,
    device,
    manifest,
    ...(setting && { setting }),
    ...(reloads && { reloads }),
    predictGraph: (graph) => change(predictor.predictGraph(graph)),
    totalMs: (graph) => change(predictor.predictGraph(graph)).latencyMs,
    predict: async (...model) => change(await predictor.predict(...model)),
  };
}

/** A predictor that adds a warning to each of its reports. */
export function withWarning(predictor: LatencyPredictor, warning: string): LatencyPredictor {
  return mapReports(predictor, (report) => ({
    ...report,
    warnings: [...report.warnings, warning],
  }));
}
