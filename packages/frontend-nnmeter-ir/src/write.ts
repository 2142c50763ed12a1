import type { Graph, Node, Op, Shape, Tensor } from '@nnmeter/ir';
import {
  channelsLastOrder,
  channelsLastShape,
  locateError,
  NnMeterError,
  opRow,
  quote,
} from '@nnmeter/ir';
import type { NnMeterIr, NnMeterIrConstant, NnMeterIrNode, RawAttributes } from './format.ts';
import { interpret } from './interpret.ts';
import { canonicalOp, nodeRole } from './op-names.ts';
import { readNnMeterIr } from './to-graph.ts';
import { writeAttributes } from './write-attributes.ts';
import {
  hasWritableValues,
  LISTED_AS_EMPTY,
  outputTypes,
  weightType,
  writtenConstant,
  writtenShape,
  writtenWeight,
} from './written-tensors.ts';

/**
 * Writes a network in nn-Meter IR, ready for `JSON.stringify`. Activations get channels last and weights
 * [height, width, input channels, output channels] whatever the source's layout; `type` is the source's op name.
 * What the original format cannot say (data types, biases, which result of a split is read) goes into keys of its own,
 * see the JSON schema, so that reading it back gives the same prediction.
 * @throws NnMeterError E_UNSUPPORTED_OP naming the node that would be read as another one: the format has no words for
 * tensors without elements, or for what contradicts the shapes
 */
export function writeNnMeterIr(graph: Graph): NnMeterIr {
  requireTold(graph);
  const written = new Writer(graph).write();
  requireSameWhenRead(written);
  return written;
}

/**
 * Refuses what would be told wrong: axes of weights that are computed would be taken for those of images, and operands
 * that are no numbers, which JSON cannot hold, for any number.
 */
function requireTold(graph: Graph): void {
  for (const { op, name, sourceOp, inputs } of graph.nodes) {
    const { weighted, elementwise } = opRow(op);
    if (elementwise && inputs.length === 2) {
      const odd = inputs.find(
        (input) => !(graph.findTensor(input)?.values ?? []).every(Number.isFinite),
      );
      if (odd !== undefined) throw noWords(name, sourceOp, `${quote(odd)} is no finite number`);
    }
    if (!weighted || op === 'fc') continue;
    const weight = graph.findTensor(inputs[1] ?? '');
    if (weight === undefined || weight.kind === 'constant') continue;
    throw noWords(name, sourceOp, 'its weight is computed, and the order of its axes is not told');
  }
}

/** What a reader makes of the file has to be written the same. */
function requireSameWhenRead(written: NnMeterIr): void {
  const again = new Writer(readBack(written)).write();
  for (const [name, node] of Object.entries(written)) {
    const found = Object.hasOwn(again, name) ? again[name] : undefined;
    const difference = differenceOf(node, found);
    if (difference === undefined) continue;
    throw noWords(name, node.attr.type ?? '', difference);
  }
}

function noWords(node: string, op: string, reason: string): NnMeterError {
  return locateError(
    { node, op },
    new NnMeterError('E_UNSUPPORTED_OP', `nn-Meter IR has no words for it: ${reason}`),
  );
}

function readBack(written: NnMeterIr): Graph {
  try {
    return readNnMeterIr(JSON.stringify(written));
  } catch (error) {
    if (!(error instanceof NnMeterError)) throw error;
    const { where, problem } = error;
    throw new NnMeterError(
      'E_UNSUPPORTED_OP',
      `nn-Meter IR has no words for the graph: it would be refused (${problem})`,
      { where, cause: error },
    );
  }
}

/** The first entry of a node that is not what it was, in words. */
function differenceOf(node: NnMeterIrNode, found: NnMeterIrNode | undefined): string | undefined {
  if (JSON.stringify(node) === JSON.stringify(found)) return undefined;
  if (found === undefined) return 'it would be left out';
  const [before, after] = [node, found].map(
    ({ attr, ...edges }): Readonly<Record<string, unknown>> => ({ ...edges, ...attr }),
  );
  const keys = Object.keys({ ...before, ...after });
  const key =
    keys.find((each) => JSON.stringify(before![each]) !== JSON.stringify(after![each])) ?? 'attr';
  return `its ${key} ${show(before![key])} would be read as ${show(after![key])}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= 200 ? text : `${text.slice(0, 200)}...`;
}

class Writer {
  readonly #graph: Graph;
  /** Input tensor -> name of its Placeholder node. */
  readonly #placeholders = new Map<string, string>();
  readonly #results: ReadonlySet<string>;
  /** Position of each computed tensor among its node's results. */
  readonly #slots = new Map<string, number>();

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#results = new Set(graph.outputs);
    for (const node of graph.nodes) {
      const outputs = node.outputs.filter((output) => output !== '');
      for (const [slot, output] of outputs.entries()) this.#slots.set(output, slot);
    }
    const taken = new Set(graph.nodes.map((node) => node.name));
    for (const input of graph.inputs) {
      let name = input;
      while (taken.has(name)) name += '_input';
      taken.add(name);
      this.#placeholders.set(input, name);
    }
  }

  write(): NnMeterIr {
    const entries: [string, NnMeterIrNode][] = [];
    for (const [input, name] of this.#placeholders) {
      const tensor = this.#graph.tensor(input);
      entries.push([
        name,
        {
          inbounds: [],
          attr: {
            name,
            type: 'Placeholder',
            input_shape: [],
            output_shape: [writtenShape(tensor)],
            ...outputTypes([tensor]),
            attr: tensor.shape === undefined ? {} : { shape: channelsLastShape(tensor) },
          },
          outbounds: this.#readers([input]),
        },
      ]);
    }
    for (const node of this.#graph.nodes) entries.push([node.name, this.#node(node)]);
    return Object.fromEntries(entries);
  }

  #readers(tensors: readonly string[]): string[] {
    const readers = tensors.flatMap((tensor) => this.#graph.consumers(tensor));
    return [...new Set(readers.map((reader) => reader.name))];
  }

  #node(node: Node): NnMeterIrNode {
    const graph = this.#graph;
    const outputs = node.outputs.filter((output) => output !== '');
    const results = outputs.map((output) => graph.tensor(output));
    this.#requireFeaturesLast(node, results);
    const operands = this.#operands(node, results);
    const graphOutputs = outputs.flatMap((output, slot) =>
      this.#results.has(output) ? [slot] : [],
    );
    const isPlain = outputs.every(
      (output) => this.#results.has(output) === (graph.consumers(output).length === 0),
    );
    const attributes = { ...this.#attributes(node, results[0]), ...operands.attributes };
    const shapes = results.map(writtenShape);
    return {
      inbounds: operands.inbounds,
      attr: {
        name: node.name,
        type: node.sourceOp,
        ...(readAs(node, attributes, operands, shapes) !== node.op && { op: node.op }),
        input_shape: operands.shapes,
        output_shape: shapes,
        ...outputTypes(results),
        ...(operands.fromSeveral && { input_slots: operands.slots }),
        ...(operands.constants.length > 0 && { constants: operands.constants }),
        ...(!isPlain && { graph_outputs: graphOutputs }),
        attr: attributes,
      },
      outbounds: this.#readers(outputs),
    };
  }

  /** Channels are moved last; what works on the last axis would then work on them. */
  #requireFeaturesLast(node: Node, results: readonly Tensor[]): void {
    if (opRow(node.op).axes !== 'features') return;
    const read = node.inputs
      .filter((input) => input !== '')
      .map((name) => this.#graph.tensor(name));
    const moved = [...read, ...results].find((tensor) => channelsLastOrder(tensor) !== undefined);
    if (moved === undefined) return;
    throw noWords(
      node.name,
      node.sourceOp,
      `it works on the last axis of ${quote(moved.name)}, of which the format has the channels last`,
    );
  }

  #attributes(node: Node, result: Tensor | undefined) {
    const data = node.inputs.find((input) => input !== '');
    return writeAttributes(node, {
      input: data === undefined ? undefined : channelsLastOrder(this.#graph.tensor(data)),
      output: result && channelsLastOrder(result),
    });
  }

  #operands(node: Node, results: readonly Tensor[]) {
    const graph = this.#graph;
    const row = opRow(node.op);
    const inbounds: string[] = [];
    const slots: number[] = [];
    const shapes: (Shape | null)[] = [];
    const operandShapes: (Shape | undefined)[] = [];
    const constants: NnMeterIrConstant[] = [];
    let fromSeveral = false;
    let attributes = {};
    const operands = node.inputs.filter((input) => input !== '').map((name) => graph.tensor(name));
    const constantCount = operands.filter((tensor) => tensor.kind === 'constant').length;
    operands.forEach((tensor, index) => {
      if (tensor.kind !== 'constant') {
        const producer = graph.producer(tensor.name);
        fromSeveral ||= (producer?.outputs.length ?? 0) > 1;
        inbounds.push(producer?.name ?? this.#placeholders.get(tensor.name) ?? tensor.name);
        slots.push(this.#slots.get(tensor.name) ?? 0);
        shapes.push(writtenShape(tensor));
        operandShapes.push(shapes.at(-1) ?? undefined);
        return;
      }
      if (index > 0 && (row.indexOperands || isPlainBias(node, operands, results[0]))) return;
      if (index === 1 && row.weighted) {
        const weight = writtenWeight(node, operands[0]!, results[0]);
        if (weight !== undefined) {
          attributes = { ...attributes, weight_shape: weight, ...weightType(tensor) };
          return;
        }
      }
      operandShapes.push(writtenConstant(node, tensor, results[0]));
      if (LISTED_AS_EMPTY.has(node.op)) shapes.push([]);
      if (isScalar(tensor) && constantCount === 1 && LISTED_AS_EMPTY.has(node.op)) {
        if (hasWritableValues(tensor)) attributes = { ...attributes, constant: tensor.values };
        return;
      }
      const shape = writtenConstant(node, tensor, results[0]);
      constants.push({
        index,
        name: tensor.name,
        ...(shape !== undefined && { shape }),
        ...(tensor.dataType !== 'unknown' && { data_type: tensor.dataType }),
        ...(hasWritableValues(tensor) && { values: tensor.values }),
      });
    });
    return { inbounds, slots, fromSeveral, shapes, operandShapes, constants, attributes };
  }
}

/** The op that a reader would take the written node for, if `op` did not say. */
function readAs(
  node: Node,
  raw: RawAttributes,
  operands: { inbounds: readonly string[]; operandShapes: readonly (Shape | undefined)[] },
  outputs: readonly (Shape | null)[],
): Op | undefined {
  // A reader folds a Shape that is not stated to be work.
  if (nodeRole(node.sourceOp) !== 'op' || node.sourceOp === 'Shape') return undefined;
  // Attributes of what is not known may be of any type.
  if (node.op === 'custom') return canonicalOp(node.sourceOp);
  try {
    return interpret({
      name: node.name,
      sourceOp: node.sourceOp,
      raw,
      inputs: operands.operandShapes,
      outputs: outputs.map((shape) => shape ?? undefined),
      computedInputs: operands.inbounds.length,
    }).op;
  } catch (error) {
    if (error instanceof NnMeterError) return undefined;
    throw error;
  }
}

/** A bias as a reader makes one for every BiasAdd: one number a channel. */
function isPlainBias(node: Node, operands: readonly Tensor[], result: Tensor | undefined): boolean {
  const [, bias, ...others] = operands;
  const channels = result?.shape && channelsLastShape(result).at(-1);
  return (
    node.sourceOp.toLowerCase() === 'biasadd' &&
    others.length === 0 &&
    bias?.shape?.length === 1 &&
    bias.shape[0] === channels
  );
}

function isScalar(tensor: Tensor): boolean {
  return tensor.shape?.length === 0;
}
