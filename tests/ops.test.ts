import { describe, expect, test } from '@jest/globals';
import { graphToOnnx, UNEXPORTABLE_OPS } from '@nnmeter/export-onnx';
import { readNnMeterIr, writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { readOnnx } from '@nnmeter/frontend-onnx';
import {
  channelsLastShape,
  type Graph,
  inferOutputShapes,
  type Node,
  nodeCost,
  type Op,
  type Operation,
  opRow,
  ops,
  type ShapedTensor,
} from '@nnmeter/ir';
import { detectKernels } from '@nnmeter/kernel-detect';
import { describeKernel, KERNEL_KINDS } from '@nnmeter/latency-model';
import { sampleAttributes, sampleNetwork } from './support/op-samples.ts';

const LAYOUTS = ['NCHW', 'NHWC'] as const;
const EVERY = LAYOUTS.flatMap((layout) => ops.map((op) => [op, layout] as const));

const sampleOf = (graph: Graph): Node => graph.node('sample')!;
const resultOf = (graph: Graph) => graph.tensor(sampleOf(graph).outputs[0]!);

/** What nn-Meter IR cannot say: it notes the weights of matrix products as [input, output]. */
const NOT_IN_IR: { readonly [O in Op]?: object } = { fc: { transposeB: false } };

/** Of which ONNX files have only such as the samples are not: with results of bytes, with boxes and their scores. */
const SAMPLES_NOT_IN_ONNX: { readonly [O in Op]?: string } = {
  quantize: 'ONNX does not quantise to float32',
  dequantize: 'ONNX does not quantise to float32',
  nonmaxsuppression: 'ONNX reads boxes [batch, boxes, 4] and scores',
};

/** What ONNX says in ops of its own, or as a default. */
const NOT_IN_ONNX: { readonly [O in Op]?: object } = {
  fc: { transposeA: false, transposeB: false },
  matmul: { transposeA: false, transposeB: false },
  relu: { max: 6 },
};

/** What ONNX writes in several ops. */
const READ_FROM_ONNX: { readonly [O in Op]?: readonly Op[] } = {
  swish: ['sigmoid', 'mul'],
  square: ['mul'],
  rsqrt: ['sqrt', 'reciprocal'],
  fc: ['transpose', 'fc'],
  matmul: ['transpose', 'transpose', 'matmul'],
};

/** Ops that reading ONNX leaves out: it hands the operand on, or knows the result. */
const NOT_READ_FROM_ONNX: readonly Op[] = ['identity', 'shape'];

describe.each(EVERY)('%s, %s', (op, layout) => {
  const graph = sampleNetwork(op, layout);

  test('the sample states every attribute of the row', () => {
    if (op === 'custom') return;
    expect(Object.keys(sampleOf(graph).attributes).sort()).toEqual(
      Object.keys(opRow(op).attributes).sort(),
    );
  });

  test('nn-Meter IR keeps the op, every attribute and the shape', () => {
    const again = readNnMeterIr(JSON.parse(JSON.stringify(writeNnMeterIr(graph))));
    expect(sampleOf(again).op).toBe(op);
    // Images have channels last there, so the attributes are those of the same network with channels last.
    expect(sampleOf(again).attributes).toEqual({
      ...sampleAttributes(op, 'NHWC'),
      ...NOT_IN_IR[op],
    });
    expect(resultOf(again).shape).toEqual(channelsLastShape(resultOf(graph)));
  });

  test('ONNX keeps the op, or the export says why not', () => {
    const reason = UNEXPORTABLE_OPS[op] ?? SAMPLES_NOT_IN_ONNX[op];
    if (reason !== undefined) {
      const code = 'E_UNSUPPORTED_OP';
      expect(() => graphToOnnx(graph)).toThrow(
        expect.objectContaining({ code, message: expect.stringContaining(reason) }),
      );
      return;
    }
    const again = readOnnx(graphToOnnx(graph));
    const before = graph.nodes.slice(0, -1).map((node) => node.op);
    const read = again.nodes.map((node) => node.op);
    if (NOT_READ_FROM_ONNX.includes(op)) expect(read).not.toContain(op);
    else expect(read).toEqual([...before, ...(READ_FROM_ONNX[op] ?? [op])]);
    // Images have channels first there; only the result of this transposition is none.
    if (read.at(-1) === op && (op !== 'transpose' || layout === 'NCHW')) {
      const expected = NOT_IN_ONNX[op] ?? sampleAttributes(op, 'NCHW');
      expect(again.nodes.at(-1)!.attributes).toEqual(expected);
    }
    const extents = (of: Graph) => [...of.tensor(of.outputs[0]!).shape!].sort();
    expect(extents(again)).toEqual(extents(graph));
  });

  test('it has a cost kind that latency models know, and MACs if it multiplies', () => {
    const { cost, macs } = opRow(op);
    const kernels = detectKernels(graph, { fuse: {} });
    const kernel = kernels.find(({ nodes }) => nodes.includes(sampleOf(graph)))!;
    if (op === 'identity') expect(kernel.root).not.toBe(sampleOf(graph));
    else expect(KERNEL_KINDS[describeKernel(kernel, graph).kind]).toBe(cost);
    const counted = nodeCost(graph, sampleOf(graph))?.macs;
    if (macs === 'unknown') expect(counted).toBeUndefined();
    else if (macs === 'none') expect(counted).toBe(0);
    else expect(counted).toBeGreaterThan(0);
  });

  test('its shape rule gives the shape of the network, whatever the axis order', () => {
    const node = sampleOf(graph);
    const inputs = node.inputs.map((name) => graph.tensor(name) as ShapedTensor);
    const inferred = inferOutputShapes(node as Operation, inputs);
    if (inferred === undefined)
      expect(['custom', 'nonmaxsuppression', 'nonzero', 'unique']).toContain(op);
    else expect(inferred[0]!.shape).toEqual(resultOf(graph).shape);
    expect(channelsLastShape(resultOf(graph))).toEqual(
      channelsLastShape(resultOf(sampleNetwork(op, 'NHWC'))),
    );
  });
});
