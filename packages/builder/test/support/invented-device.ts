import type { Graph } from '@nnmeter/ir';
import { detectKernels, type FusionRules } from '@nnmeter/kernel-detect';
import { bytesMoved, describeKernel, macsOf } from '@nnmeter/latency-model';
import type { FusedNode, LayerTime, RunnableModel, Runner, RunnerResult } from '@nnmeter/runners';

/** What the invented device fuses. */
export const INVENTED_RULES: FusionRules = {
  fuse: { BF_conv_bn: true, BF_conv_relu: true, BF_dwconv_bn: true, BF_dwconv_relu: true },
};

const LAUNCH_MS = 0.004;
const MACS_PER_MS = 2e7;
const BYTES_PER_MS = 8e6;

/** Times of the kernels of a graph on a device of our own: start, work and traffic, one after the other. */
export function inventedLayers(graph: Graph): LayerTime[] {
  const kernels = detectKernels(graph, INVENTED_RULES);
  return kernels.map((kernel) => {
    const description = describeKernel(kernel, graph);
    const ms =
      LAUNCH_MS + macsOf(description) / MACS_PER_MS + bytesMoved(description, 4) / BYTES_PER_MS;
    const nodes = kernel.nodes.map(({ name }) => name);
    return { name: nodes[0]!, op: kernel.type, ms, nodes };
  });
}

export interface InventedOptions {
  /** How the device is now, from how many measurements it has done. */
  readonly measurements: () => number;
  readonly showsGraphs?: boolean;
  readonly tellsLayers?: boolean;
  /** Changes a result, or fails. */
  readonly disturb?: (
    model: RunnableModel,
    result: RunnerResult,
    call: number,
  ) => RunnerResult | Promise<RunnerResult>;
}

/**
 * A runner of the invented device: noise of 2 % and a drift of 20 %, which depend on nothing but the number of
 * measurements done.
 */
export function inventedRunner(options: InventedOptions): Runner & { readonly calls: string[] } {
  const { measurements, showsGraphs = true, tellsLayers = true, disturb } = options;
  const calls: string[] = [];
  const runner: Runner & { readonly calls: string[] } = {
    name: 'invented',
    format: 'onnx',
    calls,
    facts: async () => ({
      runtime: 'invented-runtime',
      version: '1.0',
      processor: 'Invented',
      time: 'cpu',
    }),
    async measure(model, { runs, layers }) {
      calls.push(model.id);
      const count = measurements();
      const drift = 1 + 0.1 * Math.sin(count / 40);
      const times = inventedLayers(model.graph);
      const noise = 1 + 0.02 * noiseAt(count);
      const ms = drift * noise * times.reduce((sum, layer) => sum + layer.ms, 0.05);
      const result: RunnerResult = {
        ms,
        medianMs: 1.05 * ms,
        runs,
        ...(layers &&
          tellsLayers && { layers: times.map((layer) => ({ ...layer, ms: layer.ms * drift })) }),
      };
      return disturb === undefined ? result : disturb(model, result, calls.length);
    },
    async close() {},
  };
  if (showsGraphs)
    runner.fusedNodes = async ({ graph }): Promise<FusedNode[]> => shownGroups(graph);
  return runner;
}

function shownGroups(graph: Graph): FusedNode[] {
  return detectKernels(graph, INVENTED_RULES).map(({ type, nodes }) => ({
    op: type,
    nodes: nodes.map(({ name }) => name),
  }));
}

/** 0 to 1, always the same. */
function noiseAt(count: number): number {
  const value = Math.sin(12.9898 * (count + 1)) * 43758.5453;
  return value - Math.floor(value);
}
