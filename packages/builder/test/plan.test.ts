import { expect, test } from '@jest/globals';
import { planHash, planModels } from '@nnmeter/builder';
import { familyOf } from '@nnmeter/dataset';
import { graphToOnnx } from '@nnmeter/export-onnx';
import { readOnnx } from '@nnmeter/frontend-onnx';
import { type Graph, macsOfNodes } from '@nnmeter/ir';
import { detectKernels } from '@nnmeter/kernel-detect';
import { describeKernel, KIND } from '@nnmeter/latency-model';
import { buildModel } from '@nnmeter/zoo';

const plan = planModels({ seed: 1, count: 150 });
const graphs = plan.map((model) => model.graph());

test('a plan is the same for a seed, and a longer one goes on where a shorter one ends', () => {
  const ids = plan.map(({ id }) => id);
  expect(planModels({ seed: 1, count: 40 }).map(({ id }) => id)).toEqual(ids.slice(0, 40));
  expect(planModels({ seed: 2, count: 40 }).map(({ id }) => id)).not.toEqual(ids.slice(0, 40));
  expect(new Set(ids).size).toBe(150);
  expect(planHash({ seed: 1 })).toBe(planHash({ seed: 1 }));
  expect(planHash({ seed: 1 })).not.toBe(planHash({ seed: 2 }));
  expect(planHash({ seed: 1 })).not.toBe(planHash({ seed: 1, own: [buildModel('resnet18')] }));
});

test('models of one id are the same in every plan', () => {
  const shapes = (graph: Graph): unknown => [...graph.tensors.values()].map(({ shape }) => shape);
  const other = planModels({ seed: 1, count: 20, own: [buildModel('resnet18')] });
  const shared = other.filter(({ id }) => plan.some((model) => model.id === id));
  for (const model of shared) {
    const own = plan.find(({ id }) => id === model.id)!;
    expect(shapes(model.graph())).toEqual(shapes(own.graph()));
  }
  for (const { id, family } of plan) expect(familyOf(id)).toBe(family);
});

test('every beginning has every family', () => {
  const families = new Set(plan.slice(0, 45).map(({ family }) => family));
  for (const family of ['resnet', 'mobilenetv3', 'vgg', 'densenet', 'tv-vit', 'tv-swin', 'decoder'])
    expect(families).toContain(family);
});

test('sizes can be measured, and cover resolutions and widths', () => {
  const sides: number[] = [];
  const remainders = new Set<number>();
  for (const [index, graph] of graphs.entries()) {
    const { isKernel } = plan[index]!;
    const macs = macsOfNodes(graph).reduce((sum, each) => sum + each, 0);
    expect(macs).toBeLessThanOrEqual(1.5e9);
    if (isKernel) continue;
    expect(macs).toBeGreaterThanOrEqual(10e6);
    const image = graph.tensor(graph.inputs[0]!);
    const { shape = [] } = image;
    sides.push(Math.max(...shape.slice(1)));
    for (const node of graph.nodes) {
      if (node.op !== 'conv') continue;
      const { shape: weights = [], layout = '' } = graph.tensor(node.inputs[1]!);
      remainders.add(weights[layout.indexOf('O')]! % 8);
    }
  }
  expect(Math.min(...sides)).toBeLessThan(80);
  expect(Math.max(...sides)).toBeGreaterThan(280);
  expect(Math.max(...sides)).toBeLessThanOrEqual(320);
  expect(remainders.size).toBe(8);
});

test('all that networks are made of is there', () => {
  const stages = new Set<string>();
  let grouped = 0;
  for (const graph of graphs) {
    for (const { type, root } of detectKernels(graph, { fuse: {} })) {
      stages.add(type);
      if (root.op === 'conv' && root.attributes.group > 1) grouped++;
    }
  }
  for (const stage of [
    'conv',
    'dwconv',
    'fc',
    'se',
    'hswish',
    'convtranspose',
    'attention',
    'gelu',
  ])
    expect(stages).toContain(stage);
  expect(grouped).toBeGreaterThan(5);
});

test('runtimes can read the models', () => {
  for (const [index, graph] of graphs.entries()) {
    if (index % 3 !== 0) continue;
    const read = readOnnx(graphToOnnx(graph));
    const macs = (each: Graph): number => macsOfNodes(each).reduce((sum, one) => sum + one, 0);
    expect(macs(read)).toBe(macs(graph));
  }
});

test("the user's networks are in the plan, and each of their layers", () => {
  const own = [buildModel('mobilenet_v3_small'), buildModel('resnet18')];
  const planned = planModels({ seed: 1, count: 400, own });
  const networks = planned.filter(({ id }) => id.startsWith('own-'));
  expect(networks.map((model) => model.graph().name).sort()).toEqual([
    'mobilenet_v3_small',
    'resnet18',
  ]);
  const layers = (graph: Graph): string[] => {
    const kernels = detectKernels(graph, { fuse: {} });
    return kernels
      .map((kernel) => describeKernel(kernel, graph))
      .filter(({ kind }) => kind === KIND.conv || kind === KIND.dwconv)
      .map(({ kind, height, channels, outChannels, kernelHeight, strideHeight }) =>
        [kind, height, channels, outChannels, kernelHeight, strideHeight].join(),
      );
  };
  const planKernels = planned.filter(({ isKernel }) => isKernel);
  const covered = new Set(planKernels.flatMap((model) => layers(model.graph())));
  for (const graph of own) for (const layer of layers(graph)) expect(covered).toContain(layer);
});
