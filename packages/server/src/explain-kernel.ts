import { NnMeterError, nodeCost, quote } from '@nnmeter/ir';
import { type BlockDecision, explainFusion, type FusionDecision } from '@nnmeter/kernel-detect';
import { type LatencyPredictor, listDefinitions } from '@nnmeter/predictor';
import { type ReportJson, reportToJson } from '@nnmeter/report';
import type { NamedGraph } from './read-model.ts';

/** One kernel of a model on a device, and why its nodes run as one. */
export interface KernelExplanation {
  readonly predictor: string;
  readonly version: string;
  /** Number of the kernel, from 0, in the order of execution. */
  readonly index: number;
  readonly kernel: ReportJson['kernels'][number];
  /** Of the model's latency, 0..1. */
  readonly share: number;
  /** Null if unknown. */
  readonly macs: number | null;
  /** Nodes of the kernel and their neighbours. */
  readonly pairs: readonly FusionDecision[];
  readonly blocks: readonly BlockDecision[];
}

/**
 * Explains the kernel that a node is in, or one by its number.
 * @throws NnMeterError E_USAGE if it is not named exactly once, E_INVALID_INPUT if there is no such kernel, or the
 * predictor has no fusion rules of its own
 */
export async function explainKernel(
  { model, type, graph }: NamedGraph,
  predictor: LatencyPredictor,
  {
    node,
    kernel: number,
  }: { readonly node?: string | undefined; readonly kernel?: number | undefined },
): Promise<KernelExplanation> {
  if ((node === undefined) === (number === undefined)) {
    throw new NnMeterError('E_USAGE', 'name the kernel by one of node and kernel');
  }
  const definitions = await listDefinitions();
  const definition = definitions.find(
    ({ name, version }) => name === predictor.name && version === predictor.version,
  );
  if (definition === undefined) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `the fusions of ${predictor.name} ${predictor.version} cannot be explained`,
      { hint: 'those of version 2.0 and later can' },
    );
  }
  const { kernels, latencyMs } = reportToJson(model, type, predictor.predictGraph(graph));
  const index = number ?? kernels.findIndex(({ nodes }) => nodes.includes(node!));
  const kernel = kernels[index];
  if (kernel === undefined) {
    const what = number === undefined ? `of node ${quote(node!)}` : number;
    throw new NnMeterError('E_INVALID_INPUT', `there is no kernel ${what}`, {
      hint: `there are ${kernels.length}; predict lists them with their nodes`,
    });
  }
  const members = new Set(kernel.nodes);
  const { pairs, blocks } = explainFusion(graph, definition.fusionRules);
  const macs = kernel.nodes.map((name) => {
    const member = graph.node(name);
    return member === undefined ? undefined : nodeCost(graph, member)?.macs;
  });
  return {
    predictor: predictor.name,
    version: predictor.version,
    index,
    kernel,
    share: latencyMs > 0 ? kernel.latencyMs / latencyMs : 0,
    macs: macs.includes(undefined) ? null : macs.reduce<number>((sum, each) => sum + each!, 0),
    pairs: pairs.filter(({ from, to }) => members.has(from) || members.has(to)),
    blocks: blocks.filter(({ anchor }) => members.has(anchor)),
  };
}
