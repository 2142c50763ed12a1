import { type Graph, NnMeterError, quote } from '@nnmeter/ir';
import { groupLayers, type NamedLayer } from './named-layers.ts';
import { parseOpenVinoGraph } from './openvino-graph.ts';
import type { LayerTime } from './runner.ts';

/** How a program tells the times of layers. */
export type LayerParser = 'json' | 'openvino-graph' | 'tflite-profile' | 'trtexec-profile';

/** Of those, the ones that tell what was fused: which nodes each layer runs, of all nodes. */
export const FUSION_PARSERS: ReadonlySet<LayerParser> = new Set(['openvino-graph'] as const);

type Parse = (text: string, graph: Graph) => readonly LayerTime[];

const PARSERS: Readonly<Record<LayerParser, Parse>> = {
  json: (text) => parseList(text).map(readOwnLayer),
  'openvino-graph': (text, graph) => groupLayers(graph, parseOpenVinoGraph(text)),
  'tflite-profile': parseTfliteProfile,
  'trtexec-profile': parseTrtexecProfile,
};

/**
 * Layers as a program told them.
 * @throws NnMeterError E_RUNNER if the text is none that the parser knows, lists no layers, or times that cannot be
 */
export function parseLayers(text: string, parser: LayerParser, graph: Graph): readonly LayerTime[] {
  const layers = PARSERS[parser](text, graph);
  if (layers.length === 0) throw new NnMeterError('E_RUNNER', 'there are no layers in it');
  return layers;
}

function parseList(text: string): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list)) return list;
  } catch {}
  throw new NnMeterError('E_RUNNER', 'it is no list of layers in JSON');
}

function readOwnLayer(value: unknown): LayerTime {
  const { name, op, ms, nodes } = (value ?? {}) as Partial<Record<keyof LayerTime, unknown>>;
  if (typeof name !== 'string' || typeof ms !== 'number') {
    const shown = quote(JSON.stringify(value) ?? String(value));
    throw new NnMeterError('E_RUNNER', `${shown} is no layer; it needs a "name" and "ms"`);
  }
  const isList = Array.isArray(nodes) && nodes.every((node) => typeof node === 'string');
  return { name, ms, ...(typeof op === 'string' && { op }), ...(isList && { nodes }) };
}

/** TensorRT joins the names of fused nodes: `Conv_0 + Relu_1`, and hides nodes in some: `{ForeignNode[a...b]}`. */
function parseTrtexecProfile(text: string, graph: Graph): readonly LayerTime[] {
  const layers = parseList(text).flatMap((value): readonly NamedLayer[] => {
    const { name, averageMs, medianMs } = (value ?? {}) as Record<string, unknown>;
    // The first item of the list is the number of runs.
    if (typeof name !== 'string') return [];
    const covers = name.includes('ForeignNode') ? [] : [name];
    const isAdded = name.startsWith('Reformatting');
    return [{ name, ms: Number(medianMs ?? averageMs), covers, isAdded }];
  });
  return groupLayers(graph, layers);
}

/**
 * The operators of TFLite's benchmark_model in their order: columns under names in brackets, parted by tabs. Names are
 * those of the tensors that an operator computes; XNNPACK tells none.
 */
function parseTfliteProfile(text: string, graph: Graph): readonly LayerTime[] {
  const start = text.lastIndexOf('= Run Order =');
  const lines = start < 0 ? [] : text.slice(start).split(/\r?\n/).slice(1);
  const header = cellsOf(lines[0] ?? '');
  const [type, average, times, name] = ['[node type]', '[avg ms]', '[times called]', '[Name]'].map(
    (column) => header.indexOf(column),
  );
  const layers: NamedLayer[] = [];
  for (const line of lines.slice(1)) {
    const cells = cellsOf(line);
    if (cells.length < header.length) break;
    const tensors = cells[name!]!.replace(/:\d+$/, '');
    layers.push({
      name: cells[name!]!,
      op: cells[type!]!,
      ms: Number(cells[average!]) * Number(cells[times!]),
      covers: [tensors.replace(/^\[(.*)\]$/, '$1')],
    });
  }
  return groupLayers(graph, layers);
}

function cellsOf(line: string): readonly string[] {
  return line.split('\t').flatMap((cell) => (cell.trim() === '' ? [] : [cell.trim()]));
}
