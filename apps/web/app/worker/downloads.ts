import type { Graph } from '@nnmeter/ir';
import {
  type LatencyPredictor,
  type LatencyReport,
  type VariableModel,
  withAdvice,
} from '@nnmeter/predictor';
import type { NamedModel, Parameters } from '../protocol.ts';
import { loadDevice } from './devices.ts';
import { modelOf } from './models.ts';

/** What is shown, as a file. */
export async function makeDownload({
  kind,
  models,
  devices,
  failures,
}: Parameters<'download'>): Promise<Blob> {
  const graphs = models.map(({ model }) => modelOf(model).graph);
  switch (kind) {
    case 'html':
      return new Blob([await htmlReport(models, devices, failures)], { type: 'text/html' });
    case 'json':
      return new Blob([await jsonReports(models, devices)], { type: 'application/json' });
    case 'csv':
      return new Blob([await csvOfKernels(models, devices)], { type: 'text/csv' });
    case 'ir':
      return new Blob([await irOf(graphs[0]!)], { type: 'application/json' });
    case 'onnx': {
      const { graphToOnnx } = await import('@nnmeter/export-onnx');
      return new Blob([graphToOnnx(graphs[0]!, { weights: 'none' }) as BlobPart]);
    }
  }
}

/** Reports of all models on all devices, named as on the page; what cannot be predicted is left out. */
async function predictAll<T>(
  models: readonly NamedModel[],
  devices: readonly string[],
  make: (report: LatencyReport, model: VariableModel, predictor: LatencyPredictor) => T,
): Promise<readonly T[]> {
  const made: T[] = [];
  for (const { model, name } of models) {
    const read = modelOf(model);
    for (const device of devices) {
      const predicted = await predictOn(read.graph, device);
      if (predicted === undefined) continue;
      const { report, predictor } = predicted;
      made.push(make({ ...report, model: name }, read, predictor));
    }
  }
  return made;
}

async function predictOn(
  graph: Graph,
  device: string,
): Promise<{ report: LatencyReport; predictor: LatencyPredictor } | undefined> {
  try {
    const predictor = await loadDevice(device);
    return { report: predictor.predictGraph(graph), predictor };
  } catch {
    // The page says why.
    return undefined;
  }
}

async function htmlReport(
  models: readonly NamedModel[],
  devices: readonly string[],
  failures: Parameters<'download'>['failures'],
): Promise<string> {
  const { reportPage, viewFailure, viewReports } = await import('@nnmeter/report/views');
  const reports = await predictAll(models, devices, (report, { graph }, predictor) =>
    withAdvice(graph, report, predictor),
  );
  return reportPage({ reports: viewReports(reports), failures: failures.map(viewFailure) });
}

/** As `nn-meter predict --json` prints it. */
async function jsonReports(
  models: readonly NamedModel[],
  devices: readonly string[],
): Promise<string> {
  const { reportToJson } = await import('@nnmeter/report');
  const elements = await predictAll(models, devices, (report, { type }, { name }) =>
    JSON.stringify(reportToJson(report.model, type, { ...report, predictor: name })),
  );
  return `[\n${elements.join(',\n')}\n]\n`;
}

const COLUMNS = [
  ...['model', 'predictor', 'kernel', 'type', 'nodes', 'ms', 'basis', 'macs', 'parameters'],
  ...['weight_bytes', 'activation_bytes', 'input', 'output'],
];

async function csvOfKernels(
  models: readonly NamedModel[],
  devices: readonly string[],
): Promise<string> {
  const { csvRow, formatShape } = await import('@nnmeter/report');
  const rows = await predictAll(models, devices, ({ model, predictor, kernels }) =>
    kernels.map((kernel, index) => [
      ...[model, predictor, index + 1, kernel.type, kernel.nodes.join(' ')],
      ...[kernel.latencyMs, kernel.basis, kernel.macs, kernel.parameters, kernel.weightBytes],
      ...[kernel.activationBytes, formatShape(kernel.input), formatShape(kernel.output)],
    ]),
  );
  return [COLUMNS, ...rows.flat()].map((row) => `${csvRow(row)}\r\n`).join('');
}

async function irOf(graph: Graph): Promise<string> {
  const { writeNnMeterIr } = await import('@nnmeter/frontend-nnmeter-ir');
  return `${JSON.stringify(writeNnMeterIr(graph), null, 2)}\n`;
}
