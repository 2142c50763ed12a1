import { RandomWeights, requireExportable } from '@nnmeter/export';
import { type DataType, type Graph, locateErrors, type Op, ops } from '@nnmeter/ir';
import { elementwiseRules } from './elementwise-rules.ts';
import { matrixRules } from './matrix-rules.ts';
import { movementRules } from './movement-rules.ts';
import { normalizationRules } from './normalization-rules.ts';
import { notExported, type Rule } from './rule.ts';
import { simplify } from './simplify.ts';
import { TfLiteGraph } from './tflite-graph.ts';
import { encodeTfLite } from './tflite-writer.ts';
import { windowRules } from './window-rules.ts';

export interface TfLiteExportOptions {
  /**
   * `zero` (default): constants of one size share their bytes, the file is as small as its largest weights. `random`:
   * values that follow from the seed and the constants' names, of a size that keeps activations in bounds.
   */
  readonly weights?: 'zero' | 'random';
  /** Of random weights; default 0. */
  readonly seed?: number;
}

const RULES = {
  ...elementwiseRules,
  ...matrixRules,
  ...movementRules,
  ...normalizationRules,
  ...windowRules,
} as { readonly [O in Op]?: Rule<Op> };

/** Why ops that have no rule have none, where it is not that TFLite lacks the op. */
const REASONS: { readonly [O in Op]?: string } = {
  custom: 'nothing is known of the op',
  scatter: 'graphs do not keep what it writes where',
  onehot: 'graphs do not keep the values it writes',
  reversesequence: 'graphs do not keep the lengths of sequences',
  trilu: 'graphs do not keep its diagonals',
  quantize: 'only networks of float32 are written',
  dequantize: 'only networks of float32 are written',
};

/** Ops that cannot be exported, and why. */
export const UNEXPORTABLE_OPS: { readonly [O in Op]?: string } = Object.fromEntries(
  ops
    .filter((op) => RULES[op] === undefined)
    .map((op) => [op, REASONS[op] ?? 'TFLite has no such op']),
);

/** Element types of activations and constants that are written as they are. */
const TYPES: ReadonlySet<DataType> = new Set(['float32', 'unknown', 'int32', 'int64', 'bool']);

/**
 * A graph as a TensorFlow Lite (LiteRT) model in float32 for runtimes and other tools. Images with channels first (ONNX,
 * PyTorch) are exported with channels last, as TFLite has them; batch normalization becomes part of the layer before it.
 * @throws NnMeterError E_UNSUPPORTED_OP naming the node that TFLite has no op for; E_SHAPE if a shape is not known;
 * E_INVALID_GRAPH if it has no results; E_LIMIT if the file would be larger than 2 GB.
 */
export function exportTflite(graph: Graph, options: TfLiteExportOptions = {}): Uint8Array {
  const { weights = 'zero', seed } = options;
  requireExportable(graph);
  const simple = simplify(graph);
  const random = weights === 'random' ? new RandomWeights(simple, seed) : undefined;
  const target = new TfLiteGraph(simple, random);
  for (const node of simple.nodes) {
    if (target.isFused(node)) continue;
    const rule = RULES[node.op];
    if (rule === undefined) throw notExported(node, UNEXPORTABLE_OPS[node.op]!);
    for (const name of [...node.inputs, ...node.outputs]) {
      const dataType = name === '' ? 'unknown' : simple.tensor(name).dataType;
      if (!TYPES.has(dataType)) {
        throw notExported(node, `only networks of float32 are written, it has ${dataType}`);
      }
    }
    locateErrors(
      () => ({ node: node.name, op: node.sourceOp }),
      () => rule(target, node),
    );
  }
  return encodeTfLite({
    name: graph.name,
    tensors: target.tensors,
    operators: target.operators,
    inputs: simple.inputs.map((name) => target.read(name)),
    outputs: simple.outputs.map((name) => target.read(name, target.orders.wanted(name))),
  });
}
