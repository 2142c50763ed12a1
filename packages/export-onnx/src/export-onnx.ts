import { type Graph, NnMeterError, type Op } from '@nnmeter/ir';
import { elementwiseRules } from './elementwise-rules.ts';
import { layerRules } from './layer-rules.ts';
import { movementRules } from './movement-rules.ts';
import { OnnxGraph } from './onnx-graph.ts';
import { encodeModel } from './onnx-writer.ts';
import type { Rule } from './rule.ts';

export interface ExportOptions {
  /**
   * `zero` (default): the model fills its own weights with zeros when it is loaded (ConstantOfShape), the file stays
   * small. `external`: weights are initializers in a file of their own, to be filled with zeros or with real weights.
   */
  readonly weights?: 'zero' | 'external';
  /** Name of the file with external weights, beside the model; default `weights.bin`. */
  readonly externalFile?: string;
}

export interface ExportedOnnx {
  /** The bytes of the ONNX file. */
  readonly model: Uint8Array;
  /** Size in bytes that the file of external weights must have; 0 if there is none. */
  readonly externalBytes: number;
}

const RULES = { ...elementwiseRules, ...layerRules, ...movementRules } as {
  readonly [O in Op]?: Rule<Op>;
};

/**
 * A graph as an ONNX model for runtimes and other tools. Images with channels last (TensorFlow, nn-Meter IR) are
 * exported with channels first, as ONNX defines them; weights are zero.
 * @throws NnMeterError E_UNSUPPORTED_OP naming the node that ONNX has no op for or whose attributes are not known;
 * E_SHAPE if a shape is not known.
 */
export function graphToOnnx(graph: Graph, options: ExportOptions = {}): Uint8Array {
  return exportOnnx(graph, options).model;
}

/** As {@link graphToOnnx}, with the size of the external weights. */
export function exportOnnx(graph: Graph, options: ExportOptions = {}): ExportedOnnx {
  const { weights = 'zero', externalFile = 'weights.bin' } = options;
  const target = new OnnxGraph(graph, weights === 'external' ? externalFile : undefined);
  target.require(neededOpset(graph));
  for (const node of graph.nodes) {
    const rule = RULES[node.op];
    if (rule === undefined) {
      throw new NnMeterError(
        'E_UNSUPPORTED_OP',
        `node "${node.name}" (${node.sourceOp}) cannot be exported to ONNX`,
      );
    }
    rule(target, node);
  }
  const outputs = graph.outputs.map((name) => target.value(name));
  const results = new Set(graph.outputs);
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
  return { model, externalBytes: target.externalBytes };
}

/** The oldest version of the file format that goes with an opset. */
function irVersion(opset: number): number {
  if (opset <= 18) return 8;
  return opset <= 20 ? 9 : 10;
}

/** The opset decides how some ops are written, so it must be known before the first. */
function neededOpset(graph: Graph): number {
  const ops = new Set(graph.nodes.map((node) => node.op));
  const since: readonly (readonly [Op, number])[] = [
    ['hswish', 14],
    ['layernorm', 17],
    ['mish', 18],
    ['gelu', 20],
    ['groupnorm', 21],
  ];
  return Math.max(13, ...since.filter(([op]) => ops.has(op)).map(([, opset]) => opset));
}
