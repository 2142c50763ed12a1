import { NnMeterError } from '@nnmeter/ir';
import type { AttrValue, FunctionDef, GraphDef, NodeDef } from './wire-types.ts';

/** One op of the network after all function calls are replaced by their bodies. */
export interface TfNode {
  readonly name: string;
  readonly op: string;
  /** Data inputs as `node:slot`; control edges are gone. */
  readonly inputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttrValue>;
}

export interface FlatGraph {
  readonly nodes: ReadonlyMap<string, TfNode>;
  /** Results of function calls: `call:slot` -> the `node:slot` that computes it. */
  readonly aliases: ReadonlyMap<string, string>;
}

const CALLS = new Set([
  'PartitionedCall',
  'StatefulPartitionedCall',
  'RemoteCall',
  'SymbolicGradient',
]);
/** Real function libraries nest a handful of levels. */
const MAX_NESTED_CALLS = 64;
/** Keeps functions that call others many times over from growing without bound. */
const MAX_NODES = 500_000;

/** First slot of each named output of ops with more than one; others have one output or a list of one name. */
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
    Switch: ['output_false', 'output_true'],
    Merge: ['output', 'value_index'],
    MaxPoolWithArgmax: ['output', 'argmax'],
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

/**
 * Replaces function calls by their bodies.
 * @throws NnMeterError E_INVALID_GRAPH for recursive or missing functions and duplicate names, E_LIMIT for absurd growth.
 */
export function flattenFunctions(graph: GraphDef): FlatGraph {
  const functions = new Map<string, FunctionDef>();
  for (const definition of graph.library?.function ?? [])
    functions.set(definition.signature?.name ?? '', definition);
  const nodes = new Map<string, TfNode>();
  const aliases = new Map<string, string>();
  let visited = 0;

  const add = (node: TfNode): void => {
    if (nodes.has(node.name))
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `two nodes of the TensorFlow graph are named "${node.name}"`,
        { where: { node: node.name } },
      );
    nodes.set(node.name, node);
  };

  const expand = (
    definitions: readonly NodeDef[],
    prefix: string,
    resolve: (reference: string) => string | undefined,
    callers: readonly string[],
  ): void => {
    visited += definitions.length;
    if (visited > MAX_NODES) {
      throw new NnMeterError(
        'E_LIMIT',
        `the TensorFlow graph has more than ${MAX_NODES.toLocaleString('en')} nodes once its functions are expanded; no real network does, so reading it stops here`,
      );
    }
    for (const definition of definitions) {
      const name = prefix + (definition.name ?? '');
      const op = definition.op ?? '';
      const inputs: string[] = [];
      for (const reference of definition.input ?? []) {
        const key = resolve(reference);
        if (key !== undefined) inputs.push(key);
      }
      const attributes = new Map<string, AttrValue>();
      for (const entry of definition.attr ?? []) attributes.set(entry.key ?? '', entry.value ?? {});
      const called = functions.has(op)
        ? op
        : CALLS.has(op)
          ? (attributes.get('f')?.func?.name ?? '')
          : undefined;
      if (called === undefined) add({ name, op, inputs, attributes });
      else call(name, called, inputs, callers);
    }
  };

  const call = (
    name: string,
    functionName: string,
    inputs: readonly string[],
    callers: readonly string[],
  ): void => {
    const body = functions.get(functionName);
    if (body === undefined) {
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `node "${name}" calls function "${functionName}", which the model's library does not hold`,
        { where: { node: name } },
      );
    }
    if (callers.includes(functionName)) {
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `function "${functionName}" calls itself (through "${name}"); recursive functions have no fixed latency`,
        { where: { node: name } },
      );
    }
    if (callers.length >= MAX_NESTED_CALLS) {
      throw new NnMeterError(
        'E_LIMIT',
        `functions of the model call each other more than ${MAX_NESTED_CALLS} levels deep, at "${name}"`,
        { where: { node: name } },
      );
    }
    const prefix = `${name}/`;
    const argumentKeys = new Map(
      (body.signature?.inputArg ?? []).map((argument, index) => [
        argument.name ?? '',
        inputs[index],
      ]),
    );
    const ops = new Map((body.nodeDef ?? []).map((node) => [node.name ?? '', node.op ?? '']));
    const resolve = (reference: string): string | undefined => {
      if (reference.startsWith('^')) return undefined;
      const [node = '', output, index] = reference.split(':');
      if (argumentKeys.has(node)) return argumentKeys.get(node);
      const base = OUTPUT_SLOTS.get(ops.get(node) ?? '')?.indexOf(output ?? '') ?? 0;
      return `${prefix}${node}:${Math.max(base, 0) + Number(index ?? 0)}`;
    };
    expand(body.nodeDef ?? [], prefix, resolve, [...callers, functionName]);
    const returned = new Map((body.ret ?? []).map((entry) => [entry.key ?? '', entry.value ?? '']));
    (body.signature?.outputArg ?? []).forEach((output, slot) => {
      const key = resolve(returned.get(output.name ?? '') ?? '');
      if (key !== undefined) aliases.set(`${name}:${slot}`, key);
    });
  };

  expand(graph.node ?? [], '', tensorKey, []);
  return { nodes, aliases };
}
