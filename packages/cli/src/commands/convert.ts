import { writeWhole } from '@nnmeter/files';
import type { Graph } from '@nnmeter/ir';
import type { FormatFacts } from '@nnmeter/model-source';
import { listFormats } from '@nnmeter/predictor';
import { printable } from '@nnmeter/report';
import { type ConvertArguments, usageError } from '../arguments.ts';
import { keepInputs } from '../keep-inputs.ts';
import { processSources } from '../process-sources.ts';
import { jsonOutput } from '../render/json.ts';
import { type BatchOutput, runBatch } from '../run-batch.ts';
import { listSources, readOptions } from '../sources.ts';
import type { Terminal } from '../terminal.ts';

/** A format models can be written in. */
interface Target {
  /** End of the default file name, after `<input>_<type>`. */
  readonly ending: string;
  encode(graph: Graph): string | Uint8Array;
  /** For formats of several files; otherwise what `encode` returns is written. */
  save?(graph: Graph, path: string): Promise<unknown>;
}

/** What is written: nn-Meter IR, or ONNX with weights of zeros made on loading or kept in a file of their own. */
type Format = 'nnmeter-ir' | 'onnx' | 'onnx-external';

interface Written {
  /** "-" is stdout. */
  readonly output: string;
  readonly nodes: number;
  readonly warnings: readonly string[];
}

/** Writes models in another format: `getir` and `export`. @returns the exit code */
export async function convert(
  options: ConvertArguments,
  format: Format,
  terminal: Terminal,
): Promise<number> {
  const { output, json } = options;
  const reading = readOptions(options);
  const formats = await listFormats();
  const sources = await listSources(options, formats, false);
  if (output !== undefined && sources.length > 1) {
    throw usageError('--output names one file, but there are several models; leave it out');
  }
  if (output === '-' && format === 'onnx-external') {
    throw usageError('external weights need a file beside the model; --output - cannot have one');
  }
  if (output === '-' && json) throw usageError('--output - and --json both want stdout');
  if (output !== undefined) {
    await keepInputs(
      output,
      sources.map(({ model }) => model),
    );
  }
  const target = await loadTarget(format);
  const outcomes = processSources(
    sources,
    reading,
    async (graph, { model }, type): Promise<Written> => {
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

async function loadTarget(format: Format): Promise<Target> {
  if (format === 'nnmeter-ir') {
    const { writeNnMeterIr } = await import('@nnmeter/frontend-nnmeter-ir');
    return {
      ending: '_ir.json',
      encode: (graph) => `${JSON.stringify(writeNnMeterIr(graph), null, 2)}\n`,
    };
  }
  const { graphToOnnx, writeOnnxFile } = await import('@nnmeter/export-onnx');
  const target = { ending: '.onnx', encode: (graph: Graph) => graphToOnnx(graph) };
  if (format === 'onnx') return target;
  return {
    ...target,
    save: (graph, path) => writeOnnxFile(graph, path, { weights: 'external' }),
  };
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
    async failed() {},
    async end() {},
  };
}
