import {
  type AttributeValue,
  type CustomAttributes,
  createGraph,
  type Graph,
  type Layout,
  NnMeterError,
  type Node,
  quote,
  type ReadOptions,
  type Shape,
  type Statement,
  settleStatedShapes,
  type Tensor,
} from '@nnmeter/ir';
import type { Operation } from './call.ts';
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
  const model = parseNniModel(source);
  const inputNames = model.graphs.get(model.root)!.inputs;
  return new Reader(flatten(model), inputNames).read(options.name ?? 'nni-ir');
}

const IMAGE_LAYOUTS: Readonly<Record<number, Layout>> = { 3: 'NCW', 4: 'NCHW', 5: 'NCDHW' };

/** A node that computes tensors, with what it reads. */
interface OpNode {
  readonly flat: FlatNode;
  readonly tensors: readonly TensorValue[];
  readonly arguments: readonly unknown[];
}

class Reader {
  readonly #model: FlatModel;
  readonly #inputNames: readonly string[];
  readonly #values = new Values();
  readonly #results = new Map<FlatNode | 'input', Map<number, Tensor>>();
  readonly #constants: Tensor[] = [];
  /** Ranks that convolutions and pools work on: tensors of these ranks are images. */
  readonly #imageRanks = new Set([4]);

  constructor(model: FlatModel, inputNames: readonly string[]) {
    this.#model = model;
    this.#inputNames = inputNames;
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
    const nodes = ops.map((op) => this.#toNode(op));
    const results = [...this.#results.values()].flatMap((slots) => [...slots.values()]);
    const graph = createGraph({
      name,
      nodes,
      tensors: [...results, ...this.#constants],
      inputs: results.filter(({ kind }) => kind === 'input').map((tensor) => tensor.name),
      outputs: [...outputs],
      metadata: { format: 'nni-ir' },
    });
    return settleStatedShapes(graph, statements);
  }

  /** The nodes that compute tensors, in the order of the model. */
  #collectOps(): OpNode[] {
    const computing = new Set<FlatNode>();
    for (const node of sortFlatNodes(this.#model.nodes)) {
      if (this.#values.add(node)) computing.add(node);
    }
    const nodes = this.#model.nodes.filter((node) => computing.has(node));
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
      tensors: flat.inputs.flatMap((input) => this.#values.tensors(input)),
      arguments: flat.inputs.map((input) => this.#values.json(input)),
    }));
  }

  /** Makes a tensor known; `seen` is its shape as its reader has it, used where its producer has none. */
  #addTensor({ node, slot }: TensorValue, seen?: Shape): Tensor {
    const results = this.#results.get(node) ?? new Map<number, Tensor>();
    this.#results.set(node, results);
    const known = results.get(slot);
    if (known?.shape !== undefined || (known && !seen)) return known;
    const shapes = node === 'input' ? undefined : node.source.outputShapes;
    if (node !== 'input' && shapes !== undefined && slot >= shapes.length) {
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `NNI graph: result ${slot} of node ${quote(node.name)} is read, but it has only ${shapes.length}`,
        { where: { node: node.name, op: node.source.type } },
      );
    }
    const shape = shapes?.[slot] ?? seen;
    const layout =
      shape && this.#imageRanks.has(shape.length) ? IMAGE_LAYOUTS[shape.length] : undefined;
    const tensor: Tensor = {
      name: node === 'input' ? this.#inputName(slot) : resultName(node, slot),
      kind: node === 'input' ? 'input' : 'activation',
      dataType: 'float32',
      ...(shape && { shape }),
      ...(layout && { layout }),
    };
    results.set(slot, tensor);
    return tensor;
  }

  #inputName(slot: number): string {
    return this.#inputNames[slot] ?? `input_${slot}`;
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
        name: `${name}/${constant.name}`,
        kind: 'constant',
        dataType: 'float32',
      }),
    );
    this.#constants.push(...constants);
    const { op, attributes } = operation;
    const inputs = [...read, ...constants].map((tensor) => tensor.name);
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
}

function resultName(node: FlatNode, slot: number): string {
  return slot === 0 ? node.name : `${node.name}:${slot}`;
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
