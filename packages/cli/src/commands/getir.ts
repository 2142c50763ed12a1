import { type ModelType, writeNnMeterIr } from '@nnmeter/ir';
import { type GetirArguments, usageError } from '../arguments.ts';
import { processSources } from '../process-sources.ts';
import { printable } from '../render/format.ts';
import { jsonSink } from '../render/json.ts';
import { runBatch, type Sink } from '../run-batch.ts';
import { inputShapes, listSources } from '../sources.ts';
import type { Terminal } from '../terminal.ts';
import { writeWhole } from '../write-whole.ts';

interface Written {
  /** "-" is stdout. */
  readonly output: string;
  readonly nodes: number;
  readonly warnings: readonly string[];
}

/** Writes models as nn-Meter IR. @returns the exit code */
export async function getir(options: GetirArguments, terminal: Terminal): Promise<number> {
  const { output, json } = options;
  const readOptions = inputShapes(options['input-shape']);
  const sources = await listSources(options, false);
  if (output !== undefined && sources.length > 1) {
    throw usageError('--output names one file, but there are several models; leave it out');
  }
  if (output === '-' && json) throw usageError('--output - and --json both want stdout');
  const outcomes = processSources(
    sources,
    readOptions,
    async (graph, { model }, type): Promise<Written> => {
      const target = output ?? defaultOutput(model, type);
      const text = `${JSON.stringify(writeNnMeterIr(graph), null, 2)}\n`;
      if (target === '-') await terminal.print(text);
      else await writeWhole(target, text);
      return { output: target, nodes: graph.nodes.length, warnings: graph.warnings };
    },
  );
  const sink = json
    ? jsonSink<Written>(terminal, ({ model, type, result }) => [{ model, type, ...result }])
    : textSink(terminal);
  return runBatch(outcomes, sources.length, sink, terminal);
}

/** `net/resnet18.onnx` -> `net/resnet18_onnx_ir.json`, as in the original. */
function defaultOutput(model: string, type: ModelType): string {
  const suffix = type.replaceAll('-', '_');
  return `${model.replace(/\.(onnx|pb|json)$|[/\\]+$/i, '')}_${suffix}_ir.json`;
}

function textSink(terminal: Terminal): Sink<Written> {
  return {
    async succeeded({ model, result }) {
      for (const warning of result.warnings)
        terminal.note(`nn-meter: warning: ${printable(warning)}`);
      if (result.output === '-') return;
      await terminal.print(
        `${printable(model)} -> ${printable(result.output)} (${result.nodes} nodes)\n`,
      );
    },
    async failed() {},
    async end() {},
  };
}
