import {
  Assumptions,
  createGraph,
  elementCount,
  findLayouts,
  type Graph,
  type LayoutSearch,
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
import type { OnnxModel } from './decode.ts';
import { Dimensions } from './dimensions.ts';
import type { Entry } from './entry.ts';
import type { GraphTable } from './graph-table.ts';
import { Inference } from './inference.ts';
import { InferredNodes } from './inferred-nodes.ts';
import type { NumberedNames } from './numbered-names.ts';
import { readOpsets } from './opsets.ts';
import { Scope } from './scope.ts';
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

function inferModel(model: OnnxModel, options: ReadOptions, readValues: ReadValues): InferredModel {
  const { functions, graph, opsetImport, tensorForms } = model;
  if (graph === undefined) throw new NnMeterError('E_INVALID_INPUT', 'the ONNX model has no graph');
  const { names } = graph;
  const warnings = new Warnings();
  const assumptions = new Assumptions(options.assume);
  const scope = new Scope({ opsets: readOpsets(opsetImport), prefix: '', depth: 0, table: graph });
  // Old files list initializers as inputs too.
  const fed = graph.inputs.filter((input) => !scope.isStored(names.find(input.name ?? '')));
  const dimensions = new Dimensions(fed, options, warnings);
  const inference = new Inference({
    ...{ graph, tensorForms, dimensions, functions, readValues, warnings, assumptions },
  });
  const inputs = fed.map((info) => {
    const { shape, missingShape } = dimensions.input(info);
    const dataType = dataTypeOf(info.type?.tensorType?.elemType);
    const form = tensorForms.of('input', dataType, shape);
    const entry = inference.tensors.add(scope, names.find(info.name ?? ''), form);
    entry.setMissingShape(missingShape);
    return entry;
  });
  inference.run(scope);
  if (graph.outputs.length === 0) {
    throw new NnMeterError('E_INVALID_GRAPH', 'the ONNX graph is not valid: it has no outputs');
  }
  const outputs = graph.outputs.map((name) => {
    const entry = inference.tensors.lookup(name, scope);
    if (entry === undefined) {
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `the ONNX graph is not valid: nothing computes its output ${quote(names.text(name))}`,
      );
    }
    return entry;
  });
  return { dimensions, scope, inference, inputs, outputs };
}

/** Shapes of all named tensors of the main graph, folded ones included, where they are known. */
export function inferShapes(
  model: OnnxModel,
  options: ReadOptions,
  readValues: ReadValues,
): Map<string, Shape> {
  const shapes = new Map<string, Shape>();
  const { inference, scope } = inferModel(model, options, readValues);
  const { names } = scope.table;
  for (let name = 0; name < names.size; name++) {
    const shape = inference.tensors.lookup(name, scope)?.knownShape;
    if (shape !== undefined) shapes.set(names.text(name), shape);
  }
  return shapes;
}

/** Turns a decoded model into a graph. */
export function toGraph(model: OnnxModel, options: ReadOptions, readValues: ReadValues): Graph {
  const { dimensions, scope, inference, inputs, outputs } = inferModel(model, options, readValues);
  const { table } = scope;
  const nodes = neededNodes(inference.nodes, outputs);
  findLayouts(layoutSearch(nodes), inputs);
  return createGraph({
    name: options.name ?? (model.graph?.name || 'model'),
    nodes: nodesOf(nodes, inference.nodeNames),
    tensors: tensorsOf(nodes, inputs, outputs),
    inputs: inputs.map((entry) => entry.name),
    outputs: [...new Set(outputs.map((entry) => entry.name))],
    metadata: metadata(model),
    dimensions: dimensions.named,
    assumed: inference.assumptions.used,
    warnings: [
      ...inference.warnings.texts,
      ...inference.assumptions.warnings,
      ...summarize(inference.nodes, nodes),
      ...warnOfStatedShapes(
        statements(table, dimensions),
        (name) => scope.own(name)?.knownShape,
        (name) => table.names.text(name),
      ),
    ],
  });
}

function layoutSearch(nodes: InferredNodes): LayoutSearch<Entry> {
  return {
    count: nodes.count,
    operation: (node) => nodes.computations[node]!,
    inputs: (node) => nodes.inputs[node]!,
    outputs: (node) => nodes.outputs[node]!,
    shapeOf: (entry) => (entry.kind === 'constant' ? undefined : entry.knownShape),
    layoutOf: (entry) => (entry.kind === 'constant' ? undefined : entry.layout),
    setLayout(entry, layout) {
      entry.layout = layout;
    },
  };
}

/** What the file says of the shapes of results, by the number of their names. */
function* statements(
  { valueTypes, outputTypes }: GraphTable,
  dimensions: Dimensions,
): Generator<Statement<number>> {
  for (const types of [valueTypes, outputTypes]) {
    for (const [tensor, type] of types.entries()) {
      const stated = dimensions.declared(type);
      if (stated !== undefined) yield { tensor, stated };
    }
  }
}

/** Nodes that an output depends on; runtimes drop the others. */
function neededNodes(nodes: InferredNodes, outputs: readonly Entry[]): InferredNodes {
  for (const entry of outputs) entry.isNeeded = true;
  const isNeeded = new Uint8Array(nodes.count);
  let count = 0;
  for (let node = nodes.count - 1; node >= 0; node--) {
    if (!nodes.outputs[node]!.some((output) => output?.isNeeded)) continue;
    isNeeded[node] = 1;
    count++;
    for (const input of nodes.inputs[node]!) if (input !== undefined) input.isNeeded = true;
  }
  if (count === nodes.count) return nodes;
  const kept = new InferredNodes();
  for (let node = 0; node < nodes.count; node++) {
    if (isNeeded[node] === 0) continue;
    kept.add({
      name: nodes.names[node]!,
      computation: nodes.computations[node]!,
      sourceOp: nodes.sourceOps[node]!,
      inputs: nodes.inputs[node]!,
      outputs: nodes.outputs[node]!,
      isAssumed: nodes.assumed.has(node),
    });
  }
  return kept;
}

/** The tensors of the graph: its inputs and outputs, and what its nodes read and compute. */
function tensorsOf(
  nodes: InferredNodes,
  inputs: readonly Entry[],
  outputs: readonly Entry[],
): readonly Tensor[] {
  const tensors: Tensor[] = [];
  const add = (entry: Entry | undefined): void => {
    if (entry === undefined || entry.isListed) return;
    entry.isListed = true;
    tensors.push(toTensor(entry));
  };
  inputs.forEach(add);
  outputs.forEach(add);
  for (let node = 0; node < nodes.count; node++) {
    nodes.inputs[node]!.forEach(add);
    nodes.outputs[node]!.forEach(add);
  }
  return tensors;
}

function summarize(all: InferredNodes, kept: InferredNodes): readonly string[] {
  const warnings: string[] = [];
  const unused = all.count - kept.count;
  if (unused > 0) warnings.push(`${unused} node(s) that no output depends on are left out`);
  let shapeless = 0;
  for (let node = 0; node < kept.count; node++) {
    const isShapeless = (output: Entry | undefined) =>
      output !== undefined && output.knownShape === undefined;
    if (kept.outputs[node]!.some(isShapeless)) shapeless++;
  }
  if (shapeless > 0) warnings.push(`${shapeless} of ${kept.count} nodes have no output shape`);
  return warnings;
}

function nodesOf(nodes: InferredNodes, names: NumberedNames): readonly Node[] {
  return nodes.names.map((name, node) => {
    const { op, attributes } = nodes.computations[node]!;
    return {
      name: names.text(name),
      op,
      attributes,
      inputs: nodes.inputs[node]!.map(nameOf),
      outputs: nodes.outputs[node]!.map(nameOf),
      sourceOp: nodes.sourceOps[node]!,
      ...(nodes.assumed.has(node) && { isAssumed: true }),
    } as Node;
  });
}

function nameOf(entry: Entry | undefined): string {
  return entry === undefined ? '' : entry.name;
}

/** Objects of few forms, which take less memory than ones that grow. */
function toTensor(entry: Entry): Tensor {
  const { name, layout } = entry;
  const { kind, dataType, shape } = entry.form;
  if (shape === undefined) return { name, kind, dataType };
  const values = kind === 'constant' ? shownValues(entry, shape) : undefined;
  if (layout === undefined)
    return values === undefined
      ? { name, kind, dataType, shape }
      : { name, kind, dataType, shape, values };
  return values === undefined
    ? { name, kind, dataType, shape, layout }
    : { name, kind, dataType, shape, layout, values };
}

function shownValues(entry: Entry, shape: Shape): readonly number[] | undefined {
  return elementCount(shape) > SHOWN_VALUES ? undefined : entry.values;
}

function metadata(model: OnnxModel): Record<string, string> {
  const opsets = [...readOpsets(model.opsetImport)];
  const producer = [model.producerName, model.producerVersion].filter(Boolean).join(' ');
  return {
    format: 'onnx',
    ...(producer && { producer }),
    ...(model.irVersion !== undefined && { irVersion: String(model.irVersion) }),
    ...Object.fromEntries(
      opsets.map(([domain, version]) => [domain ? `opset ${domain}` : 'opset', String(version)]),
    ),
  };
}
