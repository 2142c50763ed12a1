import { isJsonObject, NnMeterError, quote } from '@nnmeter/ir';

/** `[node, slot]`; a slot of null is the only one. */
export type Endpoint = readonly [node: string, slot: number | null];

/** Data flows from `head` to `tail`. */
export interface NniEdge {
  readonly head: Endpoint;
  readonly tail: Endpoint;
}

export interface NniNode {
  readonly type: string;
  /** The graph that a node of type `_cell` stands for. */
  readonly cell?: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** One shape a tensor, channels first; absent if NNI did not record shapes for the node. */
  readonly inputShapes?: readonly (readonly number[])[];
  readonly outputShapes?: readonly (readonly number[])[];
}

export interface NniGraph {
  readonly inputs: readonly string[];
  readonly nodes: ReadonlyMap<string, NniNode>;
  readonly edges: readonly NniEdge[];
}

/** The graphs of an NNI model by name; cells refer to them. */
export interface NniModel {
  readonly root: string;
  readonly graphs: ReadonlyMap<string, NniGraph>;
}

type Json = Record<string, unknown>;

/** NNI's name of the graph that uses all others. */
const ROOT = '_model';

/**
 * Checks the JSON of an NNI model: graph name -> graph, or a single graph.
 * @throws NnMeterError E_INVALID_INPUT naming what is wrong where.
 */
export function parseNniModel(source: unknown): NniModel {
  const json = typeof source === 'string' || source instanceof Uint8Array ? decode(source) : source;
  if (!isJsonObject(json)) throw invalid('it is not a JSON object');
  if (isGraph(json)) return { root: ROOT, graphs: new Map([[ROOT, parseGraph(json, ROOT)]]) };
  const graphs = new Map<string, NniGraph>();
  for (const [name, graph] of Object.entries(json)) {
    if (isGraph(graph)) graphs.set(name, parseGraph(graph, name));
  }
  if (graphs.size === 0) {
    throw invalid('it has no graph, which is an object with "nodes" and "edges"');
  }
  const root = graphs.size === 1 ? [...graphs.keys()][0]! : ROOT;
  if (!graphs.has(root)) throw invalid(`it has several graphs, but none is named "${ROOT}"`);
  return { root, graphs };
}

function decode(source: string | Uint8Array): unknown {
  try {
    const text =
      typeof source === 'string'
        ? source
        : new TextDecoder('utf-8', { fatal: true }).decode(source);
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalid(`no valid JSON (${reason.slice(0, 200)})`, cause);
  }
}

function invalid(what: string, cause?: unknown): NnMeterError {
  return new NnMeterError('E_INVALID_INPUT', `not an NNI graph: ${what}`, { cause });
}

function isGraph(value: unknown): value is { nodes: Json; edges: unknown[]; inputs?: unknown } {
  return isJsonObject(value) && isJsonObject(value.nodes) && Array.isArray(value.edges);
}

function parseGraph(
  graph: { nodes: Json; edges: unknown[]; inputs?: unknown },
  name: string,
): NniGraph {
  const nodes = new Map(
    Object.entries(graph.nodes).map(([node, value]) => [node, parseNode(value, node)]),
  );
  const { inputs } = graph;
  return {
    inputs: Array.isArray(inputs) ? inputs.filter((input) => typeof input === 'string') : [],
    nodes,
    edges: graph.edges.map((edge, index) => parseEdge(edge, index, nodes, name)),
  };
}

function parseNode(value: unknown, name: string): NniNode {
  const operation = isJsonObject(value) ? value.operation : undefined;
  if (!isJsonObject(operation) || typeof operation.type !== 'string') {
    throw invalid(`node ${quote(name)} has no "operation" with a "type"`);
  }
  const parameters = isJsonObject(operation.parameters) ? operation.parameters : {};
  const attributes = isJsonObject(operation.attributes) ? operation.attributes : {};
  const inputShapes = shapes(parameters.input_shape ?? attributes.input_shape, name, 'input_shape');
  const outputShapes = shapes(
    parameters.output_shape ?? attributes.output_shape,
    name,
    'output_shape',
  );
  return {
    type: operation.type,
    ...(typeof operation.cell_name === 'string' && { cell: operation.cell_name }),
    parameters,
    ...(inputShapes && { inputShapes }),
    ...(outputShapes && { outputShapes }),
  };
}

/** A list of shapes, or one bare shape; none for null and the empty list. */
function shapes(value: unknown, node: string, field: string): number[][] | undefined {
  if (value === undefined || value === null) return undefined;
  const bare = Array.isArray(value) && value.every((item) => typeof item === 'number');
  const list = bare ? [value] : value;
  const valid =
    Array.isArray(list) &&
    list.every(
      (shape) =>
        Array.isArray(shape) &&
        shape.every((dimension) => Number.isSafeInteger(dimension) && dimension >= 0),
    );
  if (!valid) {
    throw invalid(
      `${field} of node ${quote(node)} is not a list of shapes of non-negative integers`,
    );
  }
  return list.length === 0 || (list.length === 1 && list[0].length === 0) ? undefined : list;
}

function parseEdge(
  edge: unknown,
  index: number,
  nodes: ReadonlyMap<string, NniNode>,
  graph: string,
): NniEdge {
  const where = `edge ${index} of graph ${quote(graph)}`;
  if (!isJsonObject(edge)) throw invalid(`${where} is not an object`);
  const endpoint = (side: 'head' | 'tail', outside: string): Endpoint => {
    const value = edge[side];
    const [node, slot] = Array.isArray(value) ? value : [];
    if (typeof node !== 'string' || !(slot === null || (Number.isSafeInteger(slot) && slot >= 0))) {
      throw invalid(`the ${side} of ${where} is not [node, slot]`);
    }
    if (node !== outside && !nodes.has(node)) {
      throw invalid(`the ${side} of ${where} is node ${quote(node)}, which does not exist`);
    }
    return [node, slot];
  };
  return { head: endpoint('head', '_inputs'), tail: endpoint('tail', '_outputs') };
}
