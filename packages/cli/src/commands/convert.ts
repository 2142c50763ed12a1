import { writeWhole } from '@nnmeter/files';
import type { Graph } from '@nnmeter/ir';
import type { FormatFacts } from '@nnmeter/model-source';
import { listFormats } from '@nnmeter/predictor';
import { printable } from '@nnmeter/report';
import { type ConvertArguments, type ExportArguments, usageError } from '../arguments.ts';
import { EXPORTERS, type Exporter, formatOfName, type Writer } from '../exporters.ts';
import { keepInputs } from '../keep-inputs.ts';
import { processSources, readWith } from '../process-sources.ts';
import { jsonOutput } from '../render/json.ts';
import { type BatchOutput, runBatch } from '../run-batch.ts';
import { listSources, readOptions } from '../sources.ts';
import type { Terminal } from '../terminal.ts';

/** A format models can be written in. */
interface Target extends Writer {
  /** End of the default file name, after `<input>_<type>`. */
  readonly ending: string;
}

interface Written {
  /** "-" is stdout. */
  readonly output: string;
  readonly nodes: number;
  readonly warnings: readonly string[];
}

/** Writes models as nn-Meter IR. @returns the exit code */
export async function getIr(options: ConvertArguments, terminal: Terminal): Promise<number> {
  const { writeNnMeterIr } = await import('@nnmeter/frontend-nnmeter-ir');
  const encode = (graph: Graph) => `${JSON.stringify(writeNnMeterIr(graph), null, 2)}\n`;
  return convert(options, { ending: '_ir.json', encode }, terminal);
}

/** Writes models in a format for runtimes. @returns the exit code */
export async function exportModels(options: ExportArguments, terminal: Terminal): Promise<number> {
  const { output = '', to, external } = options;
  const format = to ?? formatOfName(output) ?? 'onnx';
  const exporter: Exporter = EXPORTERS[format];
  const weights = options.weights ?? (external ? 'zero' : exporter.weights[0]!);
  if (!exporter.weights.includes(weights)) {
    throw usageError(
      `--weights ${weights} is nothing for ${format}; it has ${exporter.weights.join(' and ')}`,
    );
  }
  if (external && !exporter.hasExternalWeights) {
    throw usageError(`--external is nothing for ${format}, which has its weights in one file`);
  }
  if (external && weights === 'none') throw usageError('--external wants --weights zero or random');
  if (external && output === '-') {
    throw usageError('external weights need a file beside the model; --output - cannot have one');
  }
  const writer = await exporter.load(weights, external);
  return convert(options, { ...writer, ending: exporter.ending }, terminal);
}

async function convert(
  options: ConvertArguments,
  target: Target,
  terminal: Terminal,
): Promise<number> {
  const { output, json } = options;
  const reading = readOptions(options);
  const formats = await listFormats();
  const sources = await listSources(options, formats, false);
  if (output !== undefined && sources.length > 1) {
    throw usageError('--output names one file, but there are several models; leave it out');
  }
  if (output === '-' && json) throw usageError('--output - and --json both want stdout');
  if (output !== undefined) {
    await keepInputs(
      output,
      sources.map(({ model }) => model),
    );
  }
  const outcomes = processSources(
    sources,
    readWith(reading),
    async ({ graph, type }, { model }): Promise<Written> => {
      const path = output ?? defaultOutput(baseName(model, formats), type, target);
      if (path === '-') await terminal.print(target.encode(graph));
      else if (target.save !== undefined) await target.save(graph, path);
      else await writeWhole(path, target.encode(graph));
      return { output: path, nodes: graph.nodes.length, warnings: graph.warnings };
    },
  );
  const batchOutput = json
    ? jsonOutput<Written>(terminal, ({ model, type, result }) => [
        JSON.stringify({ model, type, ...result }),
      ])
    : textOutput(terminal);
  return runBatch(outcomes, sources.length, batchOutput, terminal);
}

/** `net/resnet18.onnx` -> `net/resnet18_onnx_ir.json`, as in the original. */
function defaultOutput(name: string, type: string, { ending }: Target): string {
  return `${name}_${type.replaceAll('-', '_')}${ending}`;
}

/** A model's path without the suffix of a format. */
function baseName(model: string, formats: readonly FormatFacts[]): string {
  const path = model.replace(/[/\\]+$/, '');
  const suffixes = formats.flatMap(({ suffixes = [] }) => suffixes);
  const suffix = suffixes.find((each) => path.toLowerCase().endsWith(each)) ?? '';
  return path.slice(0, path.length - suffix.length);
}

function textOutput(terminal: Terminal): BatchOutput<Written> {
  return {
    async succeeded({ model, result }) {
      for (const warning of result.warnings) {
        terminal.note(`nn-meter: warning: ${printable(warning)}`);
      }
      if (result.output === '-') return;
      await terminal.print(
        `${printable(model)} -> ${printable(result.output)} (${result.nodes} nodes)\n`,
      );
    },
  };
}
