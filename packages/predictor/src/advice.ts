import { type Graph, opRow } from '@nnmeter/ir';
import { KERNEL_KINDS, type KernelDescription } from '@nnmeter/latency-model';
import type { DeviceFacts } from './definition.ts';
import type { DevicePredictor, LatencyPredictor } from './predictor.ts';
import type { LatencyReport } from './report.ts';

/** What could be changed about a model to make better use of a device. Kernels are positions in the report. */
export type Advice = ChannelAdvice | ActivationAdvice;

/** More output channels would cost less each: the device works on them in blocks. */
export interface ChannelAdvice {
  readonly kind: 'channels';
  readonly kernel: number;
  readonly channels: number;
  /** The multiple of a block of which a channel costs least. */
  readonly nextChannels: number;
  /** Of the kernel with that many, alone; the kernels that read them are not in it. */
  readonly nextMs: number;
}

/** An elementwise op that the device runs on its own behind a kernel that computes. */
export interface ActivationAdvice {
  readonly kind: 'activation';
  readonly kernel: number;
  /** The kernel whose only reader it is. */
  readonly after: number;
}

/** Vectors, texels and tiles of devices hold so many channels. */
const BLOCKS = [4, 8, 16, 32];
/** A channel has to become cheaper by this share, and may not be joined by more than this share of others. */
const LEAST_GAIN = 0.1;
const MOST_MORE = 0.5;
/** Kernels of less than this share of the total are not worth a word. */
const LEAST_SHARE = 0.001;

/** What to change about a model, by a report on it: the kernels that take most time first. */
export function adviseOn(
  graph: Graph,
  report: LatencyReport,
  predictor: LatencyPredictor,
): readonly Advice[] {
  const channels =
    'describeKernels' in predictor && report.kernels.every(({ basis }) => basis !== 'uncounted')
      ? adviseOnChannels(graph, report, predictor as DevicePredictor)
      : [];
  const msOf = ({ kernel }: Advice): number => report.kernels[kernel]!.latencyMs;
  return [...channels, ...adviseOnActivations(graph, report)]
    .filter((advice) => msOf(advice) >= LEAST_SHARE * report.latencyMs)
    .sort((a, b) => msOf(b) - msOf(a));
}

/** A report with what is shown beside it: the device, and what to change about the model. */
export function withAdvice(
  graph: Graph,
  report: LatencyReport,
  predictor: LatencyPredictor,
): LatencyReport & { readonly device: DeviceFacts; readonly advice: readonly Advice[] } {
  return { ...report, device: predictor.device, advice: adviseOn(graph, report, predictor) };
}

function adviseOnChannels(
  graph: Graph,
  { kernels }: LatencyReport,
  predictor: DevicePredictor,
): readonly ChannelAdvice[] {
  const aloneMs = (kernel: KernelDescription): number => predictor.kernelsTotalMs([kernel]);
  const found: ChannelAdvice[] = [];
  for (const [kernel, description] of predictor.describeKernels(graph).entries()) {
    const { outChannels: channels } = description;
    const { latencyMs } = kernels[kernel]!;
    if (KERNEL_KINDS[description.kind] !== 'conv' || channels === 0) continue;
    const otherMs = latencyMs - aloneMs(description);
    const options = BLOCKS.map((block) => Math.ceil(channels / block) * block)
      .filter((next) => next > channels && next <= channels * (1 + MOST_MORE))
      .map((next) => {
        const nextMs = otherMs + aloneMs(withChannels(description, next));
        return { kind: 'channels' as const, kernel, channels, nextChannels: next, nextMs };
      })
      .sort((a, b) => a.nextMs / a.nextChannels - b.nextMs / b.nextChannels);
    const [best] = options;
    if (best === undefined) continue;
    if (best.nextMs / best.nextChannels <= ((1 - LEAST_GAIN) * latencyMs) / channels)
      found.push(best);
  }
  return found;
}

function withChannels(kernel: KernelDescription, outChannels: number): KernelDescription {
  const outputElements = (kernel.outputElements / kernel.outChannels) * outChannels;
  return { ...kernel, outChannels, outputElements };
}

function adviseOnActivations(
  graph: Graph,
  { kernels }: LatencyReport,
): readonly ActivationAdvice[] {
  const kernelOf = new Map(
    kernels.flatMap(({ nodes }, index) => nodes.map((name) => [name, index])),
  );
  const found: ActivationAdvice[] = [];
  for (const [kernel, { nodes }] of kernels.entries()) {
    const members = nodes.map((name) => graph.node(name));
    if (!members.every((node) => node !== undefined && opRow(node.op).elementwise)) continue;
    const sources = new Set(
      members.flatMap((node) => graph.predecessors(node!)).map(({ name }) => kernelOf.get(name)!),
    );
    sources.delete(kernel);
    const [after] = sources;
    if (after === undefined || sources.size > 1) continue;
    const computes = kernels[after]!.nodes.map((name) => graph.node(name)!);
    const isRead = computes
      .flatMap((node) => graph.successors(node))
      .every(({ name }) => {
        const reader = kernelOf.get(name);
        return reader === after || reader === kernel;
      });
    if (isRead && kernels[after]!.macs > 0) found.push({ kind: 'activation', kernel, after });
  }
  return found;
}
