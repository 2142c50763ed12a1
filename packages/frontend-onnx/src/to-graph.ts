import {
  createGraph,
  type Graph,
  NnMeterError,
  type Node,
  quote,
  type ReadOptions,
  type Shape,
  type Statement,
  type Tensor,
  warnOfStatedShapes,
} from '@nnmeter/ir';
import { dataTypeOf } from './data-types.ts';
import { Dimensions } from './dimensions.ts';
import type { Entry } from './entry.ts';
import { Inference, type InferredNode } from './inference.ts';
import { findLayouts } from './layouts.ts';
import { type ModelProto, toNumber } from './model.ts';
import { readOpsets, Scope } from './scope.ts';
import type { ReadValues } from './tensor-table.ts';
import { Warnings } from './warnings.ts';

/** Longest list of values a constant tensor shows in the graph. */
const SHOWN_VALUES = 64;

interface InferredModel {
  readonly scope: Scope;
  readonly dimensions: Dimensions;
  readonly inference: Inference;
  readonly inputs: readonly Entry[];
  readonly outputs: readonly Entry[];
}

function inferModel(
  model: ModelProto,
  options: ReadOptions,
  readValues: ReadValues,
): InferredModel {
  const { graph } = model;
  if (graph == null) throw new NnMeterError('E_INVALID_INPUT', 'the ONNX model has no graph');
  const warnings = new Warnings();
  const scope = new Scope({ opsets: readOpsets(model.opsetImport), prefix: '', depth: 0, graph });
  // Old files list initializers as inputs too.
  const fed = (graph.input ?? []).filter((input) => !scope.hasInitializer(input.name ?? ''));
  const dimensions = new Dimensions(fed, options.inputShapes, warnings);
  const functions = model.functions ?? [];
  const inference = new Inference({ dimensions, functions, readValues, warnings });
  const inputs = fed.map((info) =>
    inference.tensors.add(scope, info.name ?? '', {
      kind: 'input',
      dataType: dataTypeOf(info.type?.tensorType?.elemType),
      ...dimensions.input(info),
    }),
  );
  inference.run(graph.node ?? [], scope);
  if (!graph.output?.length) {
    throw new NnMeterError('E_INVALID_GRAPH', 'the ONNX graph is not valid: it has no outputs');
  }
  const outputs = graph.output.map((info) => {
    const entry = inference.tensors.lookup(info.name ?? '', scope);
    if (entry === undefined) {
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `the ONNX graph is not valid: nothing computes its output ${quote(info.name ?? '')}`,
      );
    }
    return entry;
  });
  return { dimensions, scope, inference, inputs, outputs };
}

/** Shapes of all named tensors of the main graph, folded ones included, where they are known. */
export function inferShapes(
  model: ModelProto,
  options: ReadOptions,
  readValues: ReadValues,
): Map<string, Shape> {
  const shapes = new Map<string, Shape>();
  const { inference, scope } = inferModel(model, options, readValues);
  for (const name of scope.names) {
    const shape = inference.tensors.lookup(name, scope)?.knownShape;
    if (shape !== undefined) shapes.set(name, shape);
  }
  return shapes;
}

/** Turns a decoded model into a graph. */
export function toGraph(model: ModelProto, options: ReadOptions, readValues: ReadValues): Graph {
  const inferred = inferModel(model, options, readValues);
  const { inference, inputs, outputs } = inferred;
  const all = inference.nodes;
  const nodes = neededNodes(all, outputs);
  const entries = new Set<Entry>([...inputs, ...outputs]);
  for (const node of nodes) {
    for (const entry of [...node.inputs, ...node.outputs]) {
      if (entry !== undefined) entries.add(entry);
    }
  }
  const layouts = findLayouts(nodes, inputs);
  return createGraph({
    name: options.name ?? (model.graph?.name || 'model'),
    nodes: nodes.map(toNode),
    tensors: [...entries].map((entry) => toTensor(entry, layouts.get(entry))),
    inputs: inputs.map((entry) => entry.name),
    outputs: [...new Set(outputs.map((entry) => entry.name))],
    metadata: metadata(model),
    warnings: [
      ...inference.warnings.texts,
      ...summarize(all, nodes),
      ...warnOfStatedShapes(
        statements(model, inferred.dimensions),
        (name) => inferred.scope.own(name)?.knownShape,
      ),
    ],
  });
}

/** What the file says of the shapes of results. */
function* statements({ graph }: ModelProto, dimensions: Dimensions): Generator<Statement> {
  for (const { name, type } of [...(graph?.valueInfo ?? []), ...(graph?.output ?? [])]) {
    const stated = dimensions.declared(type);
    if (name && stated !== undefined) yield { tensor: name, stated };
  }
}

/** Nodes that an output depends on; runtimes drop the others. */
function neededNodes(
  nodes: readonly InferredNode[],
  outputs: readonly Entry[],
): readonly InferredNode[] {
  const needed = new Set<Entry | undefined>(outputs);
  const kept: InferredNode[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((output) => output !== undefined && needed.has(output))) continue;
    kept.push(node);
    for (const input of node.inputs) needed.add(input);
  }
  return kept.reverse();
}

function summarize(all: readonly InferredNode[], kept: readonly InferredNode[]): readonly string[] {
  const warnings: string[] = [];
  const unused = all.length - kept.length;
  if (unused > 0) warnings.push(`${unused} node(s) that no output depends on are left out`);
  const shapeless = kept.filter((node) =>
    node.outputs.some((output) => output !== undefined && output.knownShape === undefined),
  ).length;
  if (shapeless > 0) warnings.push(`${shapeless} of ${kept.length} nodes have no output shape`);
  return warnings;
}

function toNode(node: InferredNode): Node {
  return {
    name: node.name,
    op: node.computation.op,
    attributes: node.computation.attributes,
    inputs: node.inputs.map((entry) => entry?.name ?? ''),
    outputs: node.outputs.map((entry) => entry?.name ?? ''),
    sourceOp: node.sourceOp,
  } as Node;
}

function toTensor(entry: Entry, layout: Tensor['layout']): Tensor {
  const { name, kind, dataType, knownShape: shape } = entry;
  const values = kind === 'constant' ? shownValues(entry) : undefined;
  return {
    name,
    kind,
    dataType,
    ...(shape && { shape }),
    ...(layout && { layout }),
    ...(values && { values }),
  };
}

function shownValues(entry: Entry): readonly number[] | undefined {
  const count = entry.knownShape?.reduce((product, extent) => product * extent, 1);
  if (count === undefined || count > SHOWN_VALUES) return undefined;
  return entry.values;
}

function metadata(model: ModelProto): Record<string, string> {
  const opsets = [...readOpsets(model.opsetImport)];
  const producer = [model.producerName, model.producerVersion].filter(Boolean).join(' ');
  return {
    format: 'onnx',
    ...(producer && { producer }),
    ...(model.irVersion != null && { irVersion: String(toNumber(model.irVersion)) }),
    ...Object.fromEntries(
      opsets.map(([domain, version]) => [domain ? `opset ${domain}` : 'opset', String(version)]),
    ),
  };
}
