import { foldIntoWeights, RandomWeights, requireExportable } from '@nnmeter/export';
import {
  type CostKind,
  type Graph,
  locateErrors,
  NnMeterError,
  type Node,
  type Op,
  opRow,
  quote,
} from '@nnmeter/ir';
import { detectionRules } from './detection-rules.ts';
import { elementwiseRules, exportBroadcasting } from './elementwise-rules.ts';
import { exportByRow } from './generic-rule.ts';
import { layerRules } from './layer-rules.ts';
import { movementRules } from './movement-rules.ts';
import { type ExternalPart, OnnxGraph } from './onnx-graph.ts';
import { encodeModel } from './onnx-writer.ts';
import { quantizedRules, readsBytes } from './quantized-rules.ts';
import { recurrentRules } from './recurrent-rules.ts';
import { notExported, type Rule } from './rule.ts';

export interface ExportOptions {
  /**
   * `none` (default): the model makes zeros when it is loaded (ConstantOfShape), the file stays small. `zero`: weights of
   * zeros are in the file. `random`: values that follow from the seed and the constants' names, of a size that keeps
   * activations in bounds.
   */
  readonly weights?: 'none' | 'zero' | 'random';
  /** Of random weights; default 0. */
  readonly seed?: number;
  /**
   * Whether batch normalization, and sums with a constant a channel, become part of the convolution or dense layer before
   * them, as runtimes do it; default false.
   */
  readonly foldBatchNorm?: boolean;
  /** Name of a file beside the model that holds the weights, to be filled with those returned; default: the model itself. */
  readonly externalFile?: string;
}

export interface ExportedOnnx {
  /** The bytes of the ONNX file. */
  readonly model: Uint8Array;
  /** Size in bytes that the file of external weights must have; 0 if there is none. */
  readonly externalBytes: number;
  /** What that file holds beside zeros; nothing unless weights are random. */
  readonly externalParts: readonly ExternalPart[];
}

/** Ops that ONNX writes otherwise than their rows say. */
const RULES = {
  ...elementwiseRules,
  ...layerRules,
  ...movementRules,
  ...recurrentRules,
  ...detectionRules,
  ...quantizedRules,
} as {
  readonly [O in Op]?: Rule<Op>;
};

/** Ops that cannot be exported, and why. */
export const UNEXPORTABLE_OPS: { readonly [O in Op]?: string } = {
  custom: 'nothing is known of the op',
  scatter: 'graphs do not keep what it writes where',
  onehot: 'graphs do not keep the values it writes',
  roll: 'ONNX has no such op',
  reversesequence: 'graphs do not keep the lengths of sequences',
  trilu: 'graphs do not keep its diagonals',
  unfold: 'ONNX has no such op',
  fft: 'ONNX has complex numbers only as a last axis of two',
  dilation2d: 'ONNX has no such op',
  recolor: 'ONNX has no such op',
  isfinite: 'ONNX has no such op',
  atan2: 'ONNX has no such op',
  complex: 'ONNX has no such op',
};

/** What ONNX computes with bytes too, beside the products that have ops of their own. */
const COSTS_ON_BYTES: ReadonlySet<CostKind> = new Set([
  ...(['concat', 'split', 'copy', 'reshape', 'resize', 'maxpool'] as const),
]);
const OPS_ON_BYTES: ReadonlySet<Op> = new Set([
  ...(['conv', 'dwconv', 'fc', 'matmul', 'quantize', 'dequantize', 'cast', 'clip'] as const),
]);

/** Why a node cannot be exported. */
function reasonAgainst(target: OnnxGraph, node: Node): string | undefined {
  const reason = UNEXPORTABLE_OPS[node.op];
  if (reason !== undefined || !readsBytes(target, node)) return reason;
  if (OPS_ON_BYTES.has(node.op) || COSTS_ON_BYTES.has(opRow(node.op).cost)) return undefined;
  return `ONNX computes it with floating-point numbers, not with ${target.tensor(node.inputs[0]).dataType}`;
}

function ruleOf(op: Op): Rule<Op> {
  const { elementwise, operands } = opRow(op);
  return RULES[op] ?? (elementwise && operands[1] > 1 ? exportBroadcasting : exportByRow);
}

/**
 * A graph as an ONNX model for runtimes and other tools. Images with channels last (TensorFlow, nn-Meter IR) are
 * exported with channels first, as ONNX defines them.
 * @throws NnMeterError E_UNSUPPORTED_OP naming the node that ONNX has no op for or whose attributes are not known;
 * E_SHAPE if a shape is not known, or shapes contradict each other; E_INVALID_GRAPH if it has no results; E_LIMIT if the file would be larger than 2 GB.
 */
export function graphToOnnx(graph: Graph, options: ExportOptions = {}): Uint8Array {
  return exportOnnx(graph, options).model;
}

/** As {@link graphToOnnx}, with the size of the external weights. */
export function exportOnnx(source: Graph, options: ExportOptions = {}): ExportedOnnx {
  const { weights = 'none', seed, foldBatchNorm = false, externalFile } = options;
  requireExportable(source);
  const graph = foldBatchNorm ? foldIntoWeights(source) : source;
  const target = new OnnxGraph(graph, {
    areStored: weights !== 'none',
    ...(weights === 'random' && { random: new RandomWeights(graph, seed) }),
    ...(weights !== 'none' && externalFile !== undefined && { externalFile }),
  });
  target.require(neededOpset(graph));
  for (const node of graph.nodes) {
    const reason = reasonAgainst(target, node);
    if (reason !== undefined) throw notExported(node, reason);
    locateErrors(
      () => ({ node: node.name, op: node.sourceOp }),
      () => ruleOf(node.op)(target, node),
    );
  }
  // Read, so that a result that is a constant is written.
  const outputs = graph.outputs.map((name) => ({ ...target.value(name), name: target.read(name) }));
  const results = new Set(graph.outputs);
  if (target.storedBytes > MOST_BYTES) throw tooLarge(graph.name, target.storedBytes);
  const model = encodeModel({
    name: graph.name,
    opset: target.opset,
    irVersion: irVersion(target.opset),
    nodes: target.allNodes(),
    initializers: target.initializers,
    inputs: graph.inputs.map((name) => target.value(name)),
    outputs,
    valueInfo: target.valueInfo.filter(({ name }) => !results.has(name)),
  });
  const { externalBytes, externalParts } = target;
  return { model, externalBytes, externalParts };
}

/** Sizes in protobuf are signed numbers of 32 bits; the rest of a model takes some MB. */
const MOST_BYTES = 2 ** 31 - 2 ** 26;

function tooLarge(name: string, bytes: number): NnMeterError {
  return new NnMeterError(
    'E_LIMIT',
    `the weights of ${quote(name)} take ${(bytes / 1e9).toFixed(1)} GB; an ONNX file holds at most 2 GB`,
    { hint: 'put them in a file of their own' },
  );
}

/** Written where no op needs a newer one. */
const OLDEST_OPSET = 13;

/** The oldest version of the file format that goes with an opset. */
function irVersion(opset: number): number {
  if (opset <= 18) return 8;
  if (opset <= 20) return 9;
  return opset <= 22 ? 10 : 11;
}

/** The opset decides how some ops are written, so it must be known before the first. */
function neededOpset(graph: Graph): number {
  let opset = OLDEST_OPSET;
  for (const { op } of graph.nodes) {
    if (op in elementwiseRules) continue;
    opset = Math.max(opset, opRow(op).onnx[1] ?? 0);
  }
  return opset;
}
