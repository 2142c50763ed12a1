import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readOnnx } from '@nnmeter/frontend-onnx';
import { type Graph, macsOfNodes, type ReadOptions } from '@nnmeter/ir';
import { detectKernels, type Kernel } from '@nnmeter/kernel-detect';
import { describeKernel, hasShapes, KERNEL_KINDS, macsOf } from '@nnmeter/latency-model';
import { buildModel } from '@nnmeter/zoo';

const ONNX = join(import.meta.dirname, '../fixtures/onnx');
const ZOO = [
  'resnet18',
  'mobilenet_v3_small',
  'shufflenet_v2_x0_5',
  'vit_b_16',
  'swin_t',
  'resnext50_32x4d',
];

/** A description has no numbers for the letters of an Einsum, nor for the gates and directions of a recurrent layer. */
const NOT_DESCRIBED = new Set(['einsum', 'lstm', 'gru', 'rnn']);

/** Of the files that leave them open. */
const INPUTS: Readonly<Record<string, ReadOptions>> = {
  'dynamic_lstm.onnx': { inputShapes: [2, 16] },
  'dynamic_segmenter.onnx': { inputShapes: [1, 3, 64, 64] },
};

function networks(): Graph[] {
  const files = readdirSync(ONNX).filter((name) => name.endsWith('.onnx'));
  return [
    ...ZOO.map((name) => buildModel(name)),
    ...files.map((name) => readOnnx(readFileSync(join(ONNX, name)), INPUTS[name])),
  ];
}

/** Of one node or block, since a description has the numbers of a kernel's first stage. */
function compare(kernel: Kernel, graph: Graph) {
  const macs = macsOfNodes(graph);
  const counted = kernel.positions.reduce((sum, position) => sum + macs[position]!, 0);
  return { described: macsOf(describeKernel(kernel, graph)), counted };
}

test('the MACs of described kernels are those of their nodes', () => {
  const compared = new Set<string>();
  for (const graph of networks()) {
    const kernels = detectKernels(graph, { fuse: {} });
    for (const kernel of kernels) {
      if (!hasShapes(kernel) || NOT_DESCRIBED.has(kernel.stages[0]!)) continue;
      const { described, counted } = compare(kernel, graph);
      if (Number.isNaN(counted)) continue;
      expect({ stages: kernel.stages, macs: described }).toEqual({
        stages: kernel.stages,
        macs: counted,
      });
      if (counted > 0) compared.add(KERNEL_KINDS[describeKernel(kernel, graph).kind]!);
    }
  }
  expect([...compared].sort()).toEqual([
    'attention',
    'conv',
    'convtranspose',
    'dwconv',
    'fc',
    'matmul',
    'se',
  ]);
});
