import { NnMeterError } from '@nnmeter/ir';
import { Attributes } from './attributes.ts';
import { unfused } from './fused-ops.ts';
import { ruleOf } from './ops/table.ts';
import type { FunctionDef, GraphDef, NodeDef } from './wire-types.ts';

/** One op of the network after all function calls are replaced by their bodies. */
export interface TfNode {
  readonly name: string;
  readonly op: string;
  /** Data inputs as `node:slot`; control edges are gone. */
  readonly inputs: readonly string[];
  readonly attributes: Attributes;
  /** The functions whose bodies it stands in, outermost first. */
  readonly functions: readonly string[];
}

const CALLS = new Set([
  'PartitionedCall',
  'StatefulPartitionedCall',
  'TPUPartitionedCall',
  'RemoteCall',
  'BatchFunction',
  'SymbolicGradient',
]);
/** Real function libraries nest a handful of levels. */
const MAX_NESTED_CALLS = 64;
/** Keeps functions that call others many times over from growing without bound. */
const MAX_NODES = 500_000;

/**
 * First slot of each named output of loops, branches, and ops with shape inference that have more than one. Others with
 * shape inference have one output or a list of one name; of outputs of the rest matters only that they differ.
 */
const OUTPUT_SLOTS = new Map<string, readonly string[]>(
  Object.entries({
    FusedBatchNorm: ['y', 'batch_mean', 'batch_variance', 'reserve_space_1', 'reserve_space_2'],
    FusedBatchNormV2: ['y', 'batch_mean', 'batch_variance', 'reserve_space_1', 'reserve_space_2'],
    FusedBatchNormV3: [
      'y',
      'batch_mean',
      'batch_variance',
      'reserve_space_1',
      'reserve_space_2',
      'reserve_space_3',
    ],
    TopK: ['values', 'indices'],
    TopKV2: ['values', 'indices'],
    Unique: ['y', 'idx'],
    UniqueV2: ['y', 'idx'],
    UniqueWithCounts: ['y', 'idx', 'count'],
    UniqueWithCountsV2: ['y', 'idx', 'count'],
    SoftmaxCrossEntropyWithLogits: ['loss', 'backprop'],
    SparseSoftmaxCrossEntropyWithLogits: ['loss', 'backprop'],
    Switch: ['output_false', 'output_true'],
    Merge: ['output', 'value_index'],
    RefSwitch: ['output_false', 'output_true'],
    RefMerge: ['output', 'value_index'],
    Svd: ['s', 'u', 'v'],
    Qr: ['q', 'r'],
    SelfAdjointEigV2: ['e', 'v'],
    Eig: ['e', 'v'],
    LogMatrixDeterminant: ['sign', 'log_abs_determinant'],
    QuantizeV2: ['output', 'output_min', 'output_max'],
    LSTMBlockCell: ['i', 'cs', 'f', 'o', 'ci', 'co', 'h'],
    BlockLSTM: ['i', 'cs', 'f', 'o', 'ci', 'co', 'h'],
    BlockLSTMV2: ['i', 'cs', 'f', 'o', 'ci', 'co', 'h'],
    GRUBlockCell: ['r', 'u', 'c', 'h'],
    StringSplit: ['indices', 'values', 'shape'],
    StringSplitV2: ['indices', 'values', 'shape'],
    StringNGrams: ['ngrams', 'ngrams_splits'],
    UnicodeDecode: ['row_splits', 'char_values'],
    UnicodeDecodeWithOffsets: ['row_splits', 'char_values', 'char_to_byte_starts'],
    MaxPoolWithArgmax: ['output', 'argmax'],
    While: ['output'],
    StatelessWhile: ['output'],
    If: ['output'],
    StatelessIf: ['output'],
    Case: ['output'],
    StatelessCase: ['output'],
    TensorArrayV3: ['handle', 'flow'],
    TensorListPopBack: ['output_handle', 'tensor'],
    TensorArrayConcatV3: ['value', 'lengths'],
    TensorListConcat: ['tensor', 'lengths'],
    TensorListConcatV2: ['tensor', 'lengths'],
    StatelessRandomGetKeyCounter: ['key', 'counter'],
    NonMaxSuppressionV4: ['selected_indices', 'valid_outputs'],
    NonMaxSuppressionV5: ['selected_indices', 'selected_scores', 'valid_outputs'],
    CombinedNonMaxSuppression: ['nmsed_boxes', 'nmsed_scores', 'nmsed_classes', 'valid_detections'],
  }),
);

/** `name`, `name:1` or `^name` of a graph -> `name:slot`, or undefined for a control edge. */
export function tensorKey(reference: string): string | undefined {
  if (reference.startsWith('^')) return undefined;
  return /:\d+$/.test(reference) ? reference : `${reference}:0`;
}

/** {@link tensorKey}, one object for each key. */
function rememberedKeys(): (reference: string) => string | undefined {
  const keys = new Map<string, string | undefined>();
  return (reference) => {
    let key = keys.get(reference);
    if (key === undefined) {
      key = tensorKey(reference);
      keys.set(reference, key);
    }
    return key;
  };
}

/** `node:slot` -> the node's name. */
export function nodeNameOf(key: string): string {
  return key.slice(0, key.lastIndexOf(':'));
}

/** The ops of a network: function calls are replaced by their bodies, those of loops and branches are added on request. */
export class FlatGraph {
  readonly #functions = new Map<string, FunctionDef>();
  readonly #nodes = new Map<string, TfNode>();
  readonly #aliases = new Map<string, string>();
  /** By key, as far as they were asked for. */
  readonly #nodesByKey = new Map<string, TfNode>();
  #visited = 0;

  /** @throws NnMeterError E_INVALID_GRAPH for recursive or missing functions and duplicate names, E_LIMIT for absurd growth. */
  constructor(graph: GraphDef) {
    for (const definition of graph.library?.function ?? [])
      this.#functions.set(definition.signature?.name ?? '', definition);
    this.#expand(graph.node ?? [], '', rememberedKeys(), []);
  }

  get nodes(): ReadonlyMap<string, TfNode> {
    return this.#nodes;
  }

  /** The node that `node:slot` is a result of. */
  nodeOf(key: string): TfNode | undefined {
    let node = this.#nodesByKey.get(key);
    if (node === undefined) {
      node = this.#nodes.get(nodeNameOf(key));
      if (node !== undefined) this.#nodesByKey.set(key, node);
    }
    return node;
  }

  /** Results of function calls, loops and branches: `call:slot` -> the `node:slot` that computes it. */
  get aliases(): ReadonlyMap<string, string> {
    return this.#aliases;
  }

  /** How many nodes a function's body has, without those of functions it calls. */
  sizeOf(functionName: string): number {
    return this.#functions.get(functionName)?.nodeDef?.length ?? 0;
  }

  /** Whether a result of a function is just the argument of the same place, as what a loop only reads is. */
  isPassedOn(functionName: string, place: number): boolean {
    const body = this.#functions.get(functionName);
    const { name: argument } = body?.signature?.inputArg?.[place] ?? {};
    const { name: output } = body?.signature?.outputArg?.[place] ?? {};
    let reference = body?.ret?.find(({ key }) => key === output)?.value ?? '';
    for (let depth = 0; depth < MAX_NESTED_CALLS; depth++) {
      const [name] = reference.split(':');
      if (name === argument) return true;
      const node = body?.nodeDef?.find((definition) => definition.name === name);
      if (node?.op !== 'Identity') return false;
      reference = node.input?.[0] ?? '';
    }
    return false;
  }

  /** Says what computes a result. */
  alias(key: string, target: string): void {
    if (key !== target) this.#aliases.set(key, target);
  }

  /** @throws NnMeterError E_INVALID_GRAPH if there is a node of that name, E_LIMIT for absurd growth */
  add(node: TfNode): void {
    this.#count(1);
    this.#add(node);
  }

  /**
   * Adds a function's body, its nodes' names behind a prefix. @returns the keys of its results
   * @throws NnMeterError E_INVALID_GRAPH if it is missing or calls itself, E_LIMIT for absurd growth
   */
  call(
    caller: TfNode,
    functionName: string,
    prefix: string,
    inputs: readonly string[],
  ): readonly string[] {
    const { name, functions } = caller;
    const body = this.#functions.get(functionName);
    if (body === undefined) {
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `node "${name}" calls function "${functionName}", which the model's library does not hold`,
        { where: { node: name } },
      );
    }
    if (functions.includes(functionName)) {
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `function "${functionName}" calls itself (through "${name}"); recursive functions have no fixed latency`,
        { where: { node: name } },
      );
    }
    if (functions.length >= MAX_NESTED_CALLS) {
      throw new NnMeterError(
        'E_LIMIT',
        `functions of the model call each other more than ${MAX_NESTED_CALLS} levels deep, at "${name}"`,
        { where: { node: name } },
      );
    }
    const resolve = bodyKeys(body, prefix, inputs);
    this.#expand(body.nodeDef ?? [], prefix, resolve, [...functions, functionName]);
    const returned = new Map((body.ret ?? []).map((entry) => [entry.key ?? '', entry.value ?? '']));
    return (body.signature?.outputArg ?? []).map(
      (output) => resolve(returned.get(output.name ?? '') ?? '') ?? '',
    );
  }

  #expand(
    definitions: readonly NodeDef[],
    prefix: string,
    resolve: (reference: string) => string | undefined,
    functions: readonly string[],
  ): void {
    this.#count(definitions.length);
    for (const definition of definitions) {
      const op = definition.op ?? '';
      const attributes = new Attributes(definition.attr ?? []);
      const node: TfNode = {
        name: prefix + (definition.name ?? ''),
        op,
        inputs: (definition.input ?? []).flatMap((reference) => resolve(reference) ?? []),
        attributes,
        functions,
      };
      const called = this.#functions.has(op)
        ? op
        : CALLS.has(op)
          ? (attributes.get('f')?.func?.name ?? '')
          : undefined;
      if (called === undefined) for (const part of unfused(node) ?? [node]) this.#add(part);
      else {
        const results = this.call(node, called, `${node.name}/`, node.inputs);
        for (const [slot, key] of results.entries())
          if (key !== '') this.alias(`${node.name}:${slot}`, key);
      }
    }
  }

  #add(node: TfNode): void {
    if (this.#nodes.has(node.name))
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `two nodes of the TensorFlow graph are named "${node.name}"`,
        { where: { node: node.name } },
      );
    this.#nodes.set(node.name, node);
  }

  #count(nodes: number): void {
    this.#visited += nodes;
    if (this.#visited <= MAX_NODES) return;
    throw new NnMeterError(
      'E_LIMIT',
      `the TensorFlow graph has more than ${MAX_NODES.toLocaleString('en')} nodes once its functions are expanded; no real network does, so reading it stops here`,
    );
  }
}

/** `argument` or `node:output:index` of a function's body -> `node:slot`, or undefined for a control edge. */
function bodyKeys(
  body: FunctionDef,
  prefix: string,
  inputs: readonly string[],
): (reference: string) => string | undefined {
  const parameters = new Map(
    (body.signature?.inputArg ?? []).map(({ name }, index) => [name ?? '', inputs[index]]),
  );
  const ops = new Map((body.nodeDef ?? []).map((node) => [node.name ?? '', node.op ?? '']));
  /** Outputs of ops without shape inference, by node, in the order they are met. */
  const met = new Map<string, string[]>();
  const slotOf = (op: string, node: string, output: string, index: number): number => {
    const slots = OUTPUT_SLOTS.get(op);
    if (slots !== undefined) return Math.max(slots.indexOf(output), 0) + index;
    if (ruleOf(op) !== undefined) return index;
    const found = met.get(node) ?? [];
    met.set(node, found);
    const place = found.indexOf(`${output}:${index}`);
    return place >= 0 ? place : found.push(`${output}:${index}`) - 1;
  };
  return (reference) => {
    if (reference.startsWith('^')) return undefined;
    const [node = '', output = '', index = '0'] = reference.split(':');
    if (parameters.has(node)) return parameters.get(node);
    return `${prefix}${node}:${slotOf(ops.get(node) ?? '', node, output, Number(index))}`;
  };
}
