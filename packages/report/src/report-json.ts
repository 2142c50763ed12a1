import type { KernelLatency, LatencyReport } from '@nnmeter/predictor';

/** A report as an element of `predict --json`; schema/predict.schema.json says what each field means. */
export interface ReportJson
  extends Omit<LatencyReport, 'kernels'>,
    Readonly<
      Record<'kernels', readonly Omit<KernelLatency, 'configuration' | 'estimatedShare'>[]>
    > {
  readonly type: string;
}

/** @param model what the report calls the model: a path, or a name */
export function reportToJson(model: string, type: string, report: LatencyReport): ReportJson {
  const { predictor, version, latencyMs, startupMs, interval, coverage } = report;
  const { uncounted, complete, precision, size, roofline, extrapolation, warnings } = report;
  const kernels = report.kernels.map(kernelToJson);
  return {
    ...{ model, type, predictor, version, latencyMs, startupMs, interval },
    ...{ coverage, uncounted, complete, precision, size, roofline },
    ...{ kernels, extrapolation, warnings },
  };
}

function kernelToJson({ configuration, estimatedShare, ...kernel }: KernelLatency) {
  return kernel;
}
