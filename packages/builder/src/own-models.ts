import { familyOf } from '@nnmeter/dataset';
import type { Graph } from '@nnmeter/ir';
import { detectKernels } from '@nnmeter/kernel-detect';
import { describeKernel, hasShapes, type KernelDescription, KIND } from '@nnmeter/latency-model';
import { idOf, type PlannedModel, toModel } from './planned-model.ts';
import { kernelDraft, type SingleKernel, type WindowKernel } from './single-kernels.ts';

/** Unfused, so that each layer is seen alone. */
const NO_RULES = { fuse: {} };

/** The networks that a predictor is for, and every different layer of them alone. */
export function ownModels(graphs: readonly Graph[]): PlannedModel[] {
  const models = new Map<string, PlannedModel>();
  for (const graph of graphs) {
    const name = `own-${graph.name.replaceAll(/[^\w.-]+/g, '-')}`;
    const id = idOf(name, shapesOf(graph));
    models.set(id, { id, family: familyOf(id), isKernel: false, graph: () => graph });
    const kernels = detectKernels(graph, NO_RULES);
    for (const kernel of kernels) {
      if (!hasShapes(kernel)) continue;
      const single = asSingle(describeKernel(kernel, graph));
      if (single === undefined) continue;
      const model = toModel(kernelDraft(single));
      models.set(model.id, model);
    }
  }
  return [...models.values()];
}

/** What tells two networks of one name apart. */
function shapesOf(graph: Graph): unknown {
  return graph.nodes.map(({ op, outputs }) => [
    op,
    outputs.map((name) => graph.tensor(name).shape),
  ]);
}

const WINDOWS: ReadonlyMap<number, WindowKernel['op']> = new Map([
  [KIND.conv, 'conv'],
  [KIND.dwconv, 'dwconv'],
  [KIND.convtranspose, 'convtranspose'],
  [KIND.maxpool, 'maxpool'],
  [KIND.avgpool, 'avgpool'],
]);

/** The layer that a kernel consists of; undefined for what costs too little to be measured alone. */
function asSingle(kernel: KernelDescription): SingleKernel | undefined {
  const { kind, channels, outChannels, depth, batch } = kernel;
  if (kind === KIND.fc)
    return { op: 'fc', side: Math.max(1, kernel.height), channels, outChannels };
  const op = WINDOWS.get(kind);
  if (op === undefined || kernel.borrowsKind === 1 || depth > 1 || batch > 1 || kernel.dilation > 1)
    return undefined;
  return {
    op,
    height: kernel.height,
    width: kernel.width,
    channels,
    outChannels,
    kernel: [kernel.kernelHeight, kernel.kernelWidth],
    stride: [kernel.strideHeight, kernel.strideWidth],
    groups: kernel.groups,
  };
}
