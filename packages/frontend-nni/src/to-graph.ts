import {
  type AttributeValue,
  type CustomAttributes,
  createGraph,
  type Graph,
  inferOutputShapes,
  type Layout,
  locateErrors,
  NnMeterError,
  type Node,
  quote,
  type ReadOptions,
  type Shape,
  type ShapedTensor,
  type Statement,
  settleStatedShapes,
  type Tensor,
} from '@nnmeter/ir';
import type { Operation } from './call.ts';
import { settleChoices } from './choices.ts';
import { parseNniModel } from './decode.ts';
import { type FlatModel, type FlatNode, flatten } from './flatten.ts';
import { RULES, ruleName } from './ops/table.ts';
import { sortFlatNodes } from './sort.ts';
import { type TensorValue, Values } from './values.ts';

/**
 * Reads an NNI (Retiarii) model: JSON text, bytes or the parsed object, with the shapes that NNI records when it traces
 * a model (`input_shape` and `output_shape` of every node). Cells are expanded; size computations, dropout and the like
 * are folded away. Types it does not know become `custom` nodes.
 * @throws NnMeterError E_INVALID_INPUT for what is no NNI graph, E_INVALID_GRAPH for one that cannot run, E_SHAPE if it
 * has no shapes, E_LIMIT for cells that expand without end.
 */
export function readNniIr(source: unknown, options: ReadOptions = {}): Graph {
  if (options.inputShapes !== undefined) {
    throw new NnMeterError('E_INVALID_INPUT', 'an NNI graph has fixed shapes', {
      hint: 'export it again with an input of the wanted shape',
    });
  }
  const { model, warnings } = settleChoices(parseNniModel(source));
  const inputNames = model.graphs.get(model.root)!.inputs;
  const reader = new Reader(flatten(model), inputNames, warnings);
  return reader.read(options.name ?? 'nni-ir');
}

const IMAGE_LAYOUTS: Readonly<Record<number, Layout>> = { 3: 'NCW', 4: 'NCHW', 5: 'NCDHW' };

/** A node that computes tensors, with what it reads. */
interface OpNode {
  readonly flat: FlatNode;
  readonly tensors: readonly TensorValue[];
  readonly arguments: ReadonlyMap<number, unknown>;
}

class Reader {
  readonly #model: FlatModel;
  readonly #inputNames: readonly string[];
  readonly #values = new Values();
  readonly #warnings: readonly string[];
  readonly #results = new Map<TensorValue['node'], Map<number, Tensor>>();
  readonly #constants: Tensor[] = [];
  /** Ranks that convolutions and pools work on: tensors of these ranks are images. */
  readonly #imageRanks = new Set([4]);

  constructor(model: FlatModel, inputNames: readonly string[], warnings: readonly string[]) {
    this.#model = model;
    this.#inputNames = inputNames;
    this.#warnings = warnings;
  }

  read(name: string): Graph {
    const ops = this.#collectOps();
    for (const { flat } of ops) {
      if (/^conv|pool/.test(ruleName(flat.source.type))) {
        this.#imageRanks.add(flat.source.inputShapes?.[0]?.length ?? 4);
      }
    }
    for (const { flat } of ops) {
      const count = Math.max(1, flat.source.outputShapes?.length ?? 0);
      for (let slot = 0; slot < count; slot++)
        this.#addTensor({ kind: 'tensor', node: flat, slot });
    }
    const statements: Statement[] = [];
    for (const { flat, tensors } of ops) {
      for (const [position, tensor] of tensors.entries()) {
        const stated = flat.source.inputShapes?.[position];
        const { name: read } = this.#addTensor(tensor, stated);
        if (stated !== undefined) statements.push({ tensor: read, stated });
      }
    }
    const outputs = new Set<string>();
    for (const reference of this.#model.outputs) {
      for (const tensor of this.#values.tensors(reference))
        outputs.add(this.#addTensor(tensor).name);
    }
    const nodes = new Map(ops.map((op) => [op.flat, this.#toNode(op)]));
    const results = [...this.#results.values()].flatMap((slots) => [...slots.values()]);
    const graph = createGraph({
      name,
      nodes: this.#model.nodes.flatMap((flat) => nodes.get(flat) ?? []),
      tensors: [...results, ...this.#constants],
      inputs: results.filter(({ kind }) => kind === 'input').map((tensor) => tensor.name),
      outputs: [...outputs],
      metadata: { format: 'nni-ir' },
      warnings: [...this.#warnings, ...cutWarnings(ops)],
    });
    return settleStatedShapes(graph, statements);
  }

  /** The nodes that compute tensors, each after those it reads. */
  #collectOps(): OpNode[] {
    const nodes = sortFlatNodes(this.#model.nodes).filter((node) => this.#values.add(node));
    if (!nodes.some((node) => node.source.outputShapes !== undefined)) {
      throw new NnMeterError(
        'E_SHAPE',
        `this NNI graph has no shapes (${nodes.length} nodes without input_shape and output_shape)`,
        {
          hint: 'export it from a model that NNI has traced with an example input (GraphConverterWithShape)',
        },
      );
    }
    return nodes.map((flat) => ({
      flat,
      tensors: this.#values.operands(flat),
      arguments: new Map([...flat.inputs].map(([slot, input]) => [slot, this.#values.json(input)])),
    }));
  }

  /** Makes a tensor known; `seen` is its shape as its reader has it, used where its producer has none. */
  #addTensor({ node, slot }: TensorValue, seen?: Shape): Tensor {
    const results = this.#results.get(node) ?? new Map<number, Tensor>();
    this.#results.set(node, results);
    const known = results.get(slot);
    if (known?.shape !== undefined || (known && !seen)) return known;
    const shape = recordedShape(node, slot) ?? seen;
    const layout =
      shape && this.#imageRanks.has(shape.length) ? IMAGE_LAYOUTS[shape.length] : undefined;
    const tensor: Tensor = {
      name: this.#tensorName(node, slot),
      kind: isComputed(node) ? 'activation' : 'input',
      dataType: 'float32',
      ...(shape && { shape }),
      ...(layout && { layout }),
    };
    results.set(slot, tensor);
    return tensor;
  }

  #tensorName(node: TensorValue['node'], slot: number): string {
    if (node === 'input') return this.#inputNames[slot] ?? `input_${slot}`;
    if (!isComputed(node)) return `${node.reader.name}/input_${node.position}`;
    return slot === 0 ? node.name : `${node.name}:${slot}`;
  }

  #toNode({ flat, tensors, arguments: args }: OpNode): Node {
    const { name, source } = flat;
    const read = tensors.map((tensor) => this.#addTensor(tensor));
    const rule = RULES.get(ruleName(source.type));
    const operation: Operation = rule?.({
      parameters: source.parameters,
      inputs: read.map((tensor) => tensor.shape),
      outputs: source.outputShapes ?? [],
      arguments: args,
    }) ?? { op: 'custom', attributes: plainParameters(source.parameters) };
    const constants = (operation.constants ?? []).map(
      (constant): Tensor => ({
        ...constant,
        dataType: constant.dataType ?? 'float32',
        name: `${name}/${constant.name}`,
        kind: 'constant',
      }),
    );
    this.#constants.push(...constants);
    const { op, attributes } = operation;
    const operands = [...read, ...constants];
    this.#inferResults(flat, operation, operands);
    const inputs = operands.map((tensor) => tensor.name);
    const outputs = [...this.#results.get(flat)!].sort(([a], [b]) => a - b);
    return {
      name,
      op,
      attributes,
      inputs,
      outputs: outputs.map(([, tensor]) => tensor.name),
      sourceOp: source.type,
    } as Node;
  }

  /** The shapes of results that neither their node nor a reader records. */
  #inferResults(flat: FlatNode, operation: Operation, operands: readonly Tensor[]): void {
    const results = this.#results.get(flat)!;
    const unknown = [...results].some(([, { shape }]) => shape === undefined);
    if (!unknown || !operands.every((tensor) => tensor.shape !== undefined)) return;
    const shapes = locateErrors(
      () => ({ node: flat.name, op: flat.source.type }),
      () => inferOutputShapes(operation, operands as readonly ShapedTensor[]),
    );
    for (const slot of results.keys())
      this.#addTensor({ kind: 'tensor', node: flat, slot }, shapes?.[slot]?.shape);
  }
}

function isComputed(node: TensorValue['node']): node is FlatNode {
  return node !== 'input' && !('reader' in node);
}

/** @throws NnMeterError E_INVALID_GRAPH for a result that a node does not have. */
function recordedShape(node: TensorValue['node'], slot: number): Shape | undefined {
  if (!isComputed(node)) return undefined;
  const { outputShapes } = node.source;
  if (outputShapes === undefined || slot < outputShapes.length) return outputShapes?.[slot];
  throw new NnMeterError(
    'E_INVALID_GRAPH',
    `NNI graph: result ${slot} of node ${quote(node.name)} is read, but it has only ${outputShapes.length}`,
    { where: { node: node.name, op: node.source.type } },
  );
}

function cutWarnings(ops: readonly OpNode[]): string[] {
  const count = ops.reduce(
    (sum, { tensors }) =>
      sum + tensors.filter(({ node }) => node !== 'input' && !isComputed(node)).length,
    0,
  );
  return count === 0
    ? []
    : [
        `no edge leads to ${count} operands, as in models that NNI has flattened: their recorded shapes are used, and no ` +
          'operation is fused across them; write the model with its cells to have it read as it is connected',
      ];
}

function plainParameters(parameters: Readonly<Record<string, unknown>>): CustomAttributes {
  const isPlain = (value: unknown): value is AttributeValue =>
    ['number', 'string', 'boolean'].includes(typeof value) ||
    (Array.isArray(value) && value.every((item) => typeof item === 'number'));
  return Object.fromEntries(
    Object.entries(parameters).filter((entry): entry is [string, AttributeValue] =>
      isPlain(entry[1]),
    ),
  );
}
