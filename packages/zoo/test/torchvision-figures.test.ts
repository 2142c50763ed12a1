import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { elementCount, type Graph, graphCost } from '@nnmeter/ir';
import { buildModel, modelNames } from '@nnmeter/zoo';

interface Figures {
  readonly parameters: number;
  readonly macs: number;
  readonly convolutions: number;
  readonly sha256: string;
}

/** Made by torchvision 0.14.1 itself, see scripts/torchvision-reference.py. */
const reference: Record<string, Figures> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'torchvision-reference.json'), 'utf8'),
).models;

/** Every convolution as the script writes it, in execution order. */
function convolutions(graph: Graph): string[] {
  return graph.nodes.flatMap((node) => {
    if (node.op !== 'conv' && node.op !== 'dwconv') return [];
    const { kernelShape, strides, pads, group } = node.attributes;
    const [, inChannels] = graph.tensor(node.inputs[0]!).shape!;
    const [, outChannels, ...sides] = graph.tensor(node.outputs[0]!).shape!;
    return `${inChannels}>${outChannels} k${kernelShape.join('x')} s${strides[0]} p${pads[0]},${pads[1]} g${group} ${sides.join('x')}`;
  });
}

/** Trained values: no running statistics, no scalars, nothing that PyTorch computes from other parameters. */
function trained(graph: Graph): number {
  let count = 0;
  for (const { name, kind, shape, values } of graph.tensors.values()) {
    const derived = /\.(running_mean|running_var|mean|variance)$|position_bias|mask/.test(name);
    if (kind === 'constant' && values === undefined && !derived) count += elementCount(shape!);
  }
  return count;
}

test('every torchvision 0.14 classification network is there', () => {
  expect(modelNames()).toEqual(Object.keys(reference).sort());
});

test.each(Object.keys(reference))(
  '%s has the MACs, parameters and convolutions of torchvision',
  (name) => {
    const { parameters, macs, convolutions: count, sha256 } = reference[name]!;
    const graph = buildModel(name, { batchNorm: 'keep' });
    const lines = convolutions(graph);
    expect(lines).toHaveLength(count);
    expect(createHash('sha256').update(lines.join('\n')).digest('hex')).toBe(sha256);
    expect(graphCost(graph).macs).toBe(macs);
    expect(trained(graph)).toBe(parameters);
    expect(convolutions(buildModel(name))).toEqual(lines);
  },
);
