import { formatMs, formatShare } from '../format.ts';
import type { ViewedReport } from './page-data.ts';
import { rooflinePoints } from './roofline.ts';

const MOST_ITEMS = 6;
/** Kernels that take less than this share of the total, or are nearer to the ceiling, are not worth a word. */
const LEAST_SHARE = 0.01;
const FAR = 0.5;

/** What could be changed, with the numbers: the greatest gains first. */
export function AdviceList({ report }: { readonly report: ViewedReport }) {
  const items = [...channelItems(report), ...activationItems(report), ...rooflineItems(report)];
  return (
    <section>
      <h3>Advice</h3>
      {items.length === 0 ? (
        <p>Nothing stands out.</p>
      ) : (
        <ul>
          {items.map((item, index) => (
            <li key={index}>{item}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

function channelItems({ advice, kernels, latencyMs }: ViewedReport): readonly string[] {
  return advice
    .flatMap((each) => (each.kind === 'channels' ? [each] : []))
    .slice(0, MOST_ITEMS)
    .map(({ kernel, channels, nextChannels, nextMs }) => {
      const { nodes, latencyMs: ms } = kernels[kernel]!;
      return `${nodes[0]} has ${channels} output channels and takes ${formatMs(ms)} ms (${formatShare(ms / latencyMs)}); with ${nextChannels} it would take ${formatMs(nextMs)} ms, so that a channel costs ${formatShare(1 - (nextMs * channels) / (ms * nextChannels))} less.`;
    });
}

function activationItems({ advice, kernels, latencyMs }: ViewedReport): readonly string[] {
  const found = advice.flatMap((each) => (each.kind === 'activation' ? [each] : []));
  const byType = new Map<string, { ms: number; count: number; example: string; after: string }>();
  for (const { kernel, after } of found) {
    const { type, latencyMs: ms, nodes } = kernels[kernel]!;
    const known = byType.get(type);
    byType.set(type, {
      ms: ms + (known?.ms ?? 0),
      count: 1 + (known?.count ?? 0),
      example: known?.example ?? nodes[0] ?? '',
      after: known?.after ?? kernels[after]!.type,
    });
  }
  return [...byType]
    .sort(([, a], [, b]) => b.ms - a.ms)
    .slice(0, MOST_ITEMS)
    .map(
      ([type, { ms, count, example, after }]) =>
        `${type} is not fused into ${after} on this device: ${count} ${count === 1 ? 'kernel' : 'kernels'}, such as ${example}, take ${formatMs(ms)} ms (${formatShare(ms / latencyMs)}). An activation that the device fuses would save most of it.`,
    );
}

function rooflineItems(report: ViewedReport): readonly string[] {
  const far = rooflinePoints(report)
    .flatMap(({ kernel, leastMs, bound }) =>
      leastMs === undefined ? [] : [{ kernel, leastMs, bound }],
    )
    .filter(
      ({ kernel, leastMs }) =>
        kernel.latencyMs > LEAST_SHARE * report.latencyMs && leastMs < FAR * kernel.latencyMs,
    )
    .sort((a, b) => b.kernel.latencyMs - b.leastMs - (a.kernel.latencyMs - a.leastMs));
  return far
    .slice(0, MOST_ITEMS)
    .map(
      ({ kernel, leastMs, bound }) =>
        `${kernel.nodes[0]} (${kernel.type}) takes ${formatMs(kernel.latencyMs)} ms, ${(kernel.latencyMs / leastMs).toFixed(1)} times what the device's ${bound === 'memory' ? 'memory' : 'arithmetic'} allows (${formatMs(leastMs)} ms).`,
    );
}
