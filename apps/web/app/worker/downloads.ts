import type { Graph } from '@nnmeter/ir';
import { adviseOn, type LatencyReport } from '@nnmeter/predictor';
import type { DownloadKind } from '../protocol.ts';
import { loadDevice } from './devices.ts';
import { modelOf } from './models.ts';

interface NamedModel {
  readonly model: number;
  readonly name: string;
}

/** What is shown, as a file. */
export async function makeDownload(parameters: {
  readonly kind: DownloadKind;
  readonly models: readonly NamedModel[];
  readonly devices: readonly string[];
  readonly failures: readonly { readonly model: string; readonly message: string }[];
}): Promise<Blob> {
  const { kind, models, devices, failures } = parameters;
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

/** Reports of all models on all devices; what cannot be predicted is left out. */
async function predictAll<T>(
  models: readonly NamedModel[],
  devices: readonly string[],
  make: (report: LatencyReport, type: string, graph: Graph, device: string) => T | Promise<T>,
): Promise<readonly T[]> {
  const made: T[] = [];
  for (const { model, name } of models) {
    const { graph, type } = modelOf(model);
    for (const device of devices) {
      const report = await predictOn(graph, device);
      if (report !== undefined)
        made.push(await make({ ...report, model: name }, type, graph, device));
    }
  }
  return made;
}

async function predictOn(graph: Graph, device: string): Promise<LatencyReport | undefined> {
  try {
    return (await loadDevice(device)).predictGraph(graph);
  } catch {
    // The page says why.
    return undefined;
  }
}

async function htmlReport(
  models: readonly NamedModel[],
  devices: readonly string[],
  failures: readonly { readonly model: string; readonly message: string }[],
): Promise<string> {
  const { reportPage, viewFailure, viewReports } = await import('@nnmeter/report/views');
  const reports = await predictAll(models, devices, async (report, _type, graph, device) => {
    const predictor = await loadDevice(device);
    return { ...report, device: predictor.device, advice: adviseOn(graph, report, predictor) };
  });
  return reportPage({ reports: viewReports(reports), failures: failures.map(viewFailure) });
}

/** As `nn-meter predict --json` prints it. */
async function jsonReports(
  models: readonly NamedModel[],
  devices: readonly string[],
): Promise<string> {
  const { reportToJson } = await import('@nnmeter/report');
  const elements = await predictAll(models, devices, (report, type) =>
    JSON.stringify(reportToJson(report.model, type, report)),
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
  const { formatShape } = await import('@nnmeter/report');
  const rows = await predictAll(models, devices, ({ model, predictor, kernels }) =>
    kernels.map((kernel, index) => [
      ...[model, predictor, index + 1, kernel.type, kernel.nodes.join(' ')],
      ...[kernel.latencyMs, kernel.basis, kernel.macs, kernel.parameters, kernel.weightBytes],
      ...[kernel.activationBytes, formatShape(kernel.input), formatShape(kernel.output)],
    ]),
  );
  return [COLUMNS, ...rows.flat()].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}

function csvCell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  // Programs for spreadsheets take what begins so for a formula.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function irOf(graph: Graph): Promise<string> {
  const { writeNnMeterIr } = await import('@nnmeter/frontend-nnmeter-ir');
  return `${JSON.stringify(writeNnMeterIr(graph), null, 2)}\n`;
}
