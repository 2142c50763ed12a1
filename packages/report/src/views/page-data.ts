import { KERNEL_KINDS, type KernelKind, kindOfStage } from '@nnmeter/latency-model';
import type { Advice, DeviceFacts, KernelLatency, LatencyReport } from '@nnmeter/predictor';
import { printable, shortenMiddle } from '../format.ts';
import { modulePath } from './module-tree.ts';

/** What views tell apart by colour. */
export type KernelGroup = 'conv' | 'dwconv' | 'product' | 'pool' | 'elementwise' | 'move' | 'other';

/** A kernel as views show it. */
export interface ViewedKernel
  extends Omit<KernelLatency, 'configuration' | 'estimatedShare' | 'nodes'> {
  readonly group: KernelGroup;
  /** Names of its nodes, made fit to be shown, different ones different. */
  readonly nodes: readonly string[];
  /** The modules that its first node is in, outermost first, by its name; empty if the name does not say. */
  readonly path: readonly string[];
}

/** A report as views show it: plain data, whose texts are fit to be shown. */
export interface ViewedReport extends Omit<LatencyReport, 'kernels' | 'uncounted'> {
  readonly device: DeviceFacts;
  readonly kernels: readonly ViewedKernel[];
  readonly advice: readonly Advice[];
}

/** What became of a model that could not be predicted. */
export interface ViewedFailure {
  readonly model: string;
  readonly message: string;
}

/** The longest text of a model that is shown. */
const LONGEST_TEXT = 160;
export const LONGEST_MESSAGE = 2000;

const GROUPS: Readonly<Record<KernelKind, KernelGroup>> = {
  conv: 'conv',
  convtranspose: 'conv',
  dwconv: 'dwconv',
  fc: 'product',
  matmul: 'product',
  recurrent: 'product',
  attention: 'product',
  maxpool: 'pool',
  avgpool: 'pool',
  gap: 'pool',
  reduce: 'pool',
  bn: 'elementwise',
  normalization: 'elementwise',
  se: 'elementwise',
  softmax: 'elementwise',
  relu: 'elementwise',
  hswish: 'elementwise',
  transcendental: 'elementwise',
  add: 'elementwise',
  concat: 'move',
  split: 'move',
  copy: 'move',
  reshape: 'move',
  channelshuffle: 'move',
  resize: 'move',
  sort: 'other',
  other: 'other',
};

/**
 * Reports for views. Whatever names a model has, they are short and without control characters; names that would become
 * equal by that get numbers, the same in all reports.
 */
export function viewReports(reports: readonly ReportToView[]): readonly ViewedReport[] {
  return reports.map(reportViewer());
}

/** A report with what views show beside it. */
export type ReportToView = LatencyReport & Pick<ViewedReport, 'device' | 'advice'>;

/** As {@link viewReports}, for reports that come one by one. */
export function reportViewer(): (report: ReportToView) => ViewedReport {
  const nodeName = distinctNames();
  return ({ kernels, uncounted: _, model, warnings, extrapolation, ...report }) => ({
    ...report,
    model: shown(model, LONGEST_TEXT),
    warnings: warnings.map((text) => shown(text, LONGEST_MESSAGE)),
    extrapolation: extrapolation.map((text) => shown(text, LONGEST_MESSAGE)),
    kernels: kernels.map(({ configuration: _c, estimatedShare: _s, nodes, ...kernel }) => ({
      ...kernel,
      type: shown(kernel.type, LONGEST_TEXT),
      group: groupOf(kernel.type),
      nodes: nodes.map(nodeName),
      path: modulePath(nodes[0] ?? '').map((part) => shown(part, LONGEST_TEXT)),
    })),
  });
}

/** A failure for views. */
export function viewFailure({ model, message }: ViewedFailure): ViewedFailure {
  return { model: shown(model, LONGEST_TEXT), message: shown(message, LONGEST_MESSAGE) };
}

/** A text of a model, fit to be shown: of one line, without control characters, not long. */
export function shown(text: string, length = LONGEST_TEXT): string {
  return printable(shortenMiddle(text, length));
}

function distinctNames(): (name: string) => string {
  const known = new Map<string, string>();
  const taken = new Set<string>();
  const uses = new Map<string, number>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const short = shown(name, LONGEST_TEXT);
    let count = uses.get(short) ?? 0;
    let distinct: string;
    do {
      count++;
      distinct = count === 1 ? short : `${short} (${count})`;
    } while (taken.has(distinct));
    uses.set(short, count);
    taken.add(distinct);
    known.set(name, distinct);
    return distinct;
  };
}

function groupOf(type: string): KernelGroup {
  const [stage = ''] = type.split('-');
  return GROUPS[KERNEL_KINDS[kindOfStage(stage)]!];
}
