import { scaleLinear } from 'd3-scale';
import { formatBytes, formatMs } from '../format.ts';
import { Chart, percent } from './chart-parts.tsx';
import type { KernelGroup, ViewedReport } from './page-data.ts';

const BAR_HEIGHT = 36;
const AREA_HEIGHT = 90;
const AXIS_HEIGHT = 20;
/** Neighbours that are narrower are drawn as one, as a share of the width. */
const LEAST_WIDTH = 0.001;
/** Units of the drawing of the area, which is stretched. */
const UNITS = 10_000;

/** Kernels in the order of execution, and under them the activations that are kept meanwhile. */
export function TimelineChart({ report }: { readonly report: ViewedReport }) {
  const spans = spansOf(report);
  const total = report.latencyMs;
  if (!(total > 0)) return null;
  const { activationBytes } = report.size;
  const time = scaleLinear().domain([0, total]);
  const areaTop = BAR_HEIGHT + 6;
  const axisTop = areaTop + AREA_HEIGHT;
  return (
    <Chart
      title="Timeline"
      caption={`Kernels in the order of execution, and under them the activations that are kept meanwhile: ${formatBytes(activationBytes)} at the peak${startOf(report)}.`}
    >
      <svg
        class="timeline"
        width="100%"
        height={axisTop + AXIS_HEIGHT}
        role="img"
        aria-label={`Timeline of ${report.kernels.length} kernels with their memory; the table of kernels has the numbers`}
      >
        {spans.map(({ start, end, group, title }, index) => (
          <rect
            key={index}
            x={percent(start / total)}
            width={percent((end - start) / total)}
            height={BAR_HEIGHT}
            class={`cell fill ${group}`}
          >
            <title>{title}</title>
          </rect>
        ))}
        <svg
          aria-hidden="true"
          y={areaTop}
          width="100%"
          height={AREA_HEIGHT}
          viewBox={`0 0 ${UNITS} ${UNITS}`}
          preserveAspectRatio="none"
        >
          <path class="area" d={areaOf(report)} />
        </svg>
        <text x="4" y={areaTop + 12}>
          {formatBytes(activationBytes)}
        </text>
        {time.ticks(5).map((tick) => (
          <g key={tick}>
            <line
              class="grid"
              x1={percent(tick / total)}
              x2={percent(tick / total)}
              y1={axisTop}
              y2={axisTop + 4}
            />
            <text
              x={percent(tick / total)}
              y={axisTop + 16}
              text-anchor={tick === 0 ? 'start' : tick > 0.95 * total ? 'end' : 'middle'}
            >
              {`${tick} ms`}
            </text>
          </g>
        ))}
      </svg>
    </Chart>
  );
}

function startOf({ startupMs }: ViewedReport): string {
  return startupMs > 0 ? `; first ${formatMs(startupMs)} ms that every run takes` : '';
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly group: KernelGroup;
  readonly title: string;
}

function spansOf({ kernels, startupMs, latencyMs }: ViewedReport): readonly Span[] {
  const spans: Span[] = [];
  let start = startupMs;
  let merged = 0;
  for (const { type, nodes, group, latencyMs: ms } of kernels) {
    const end = start + ms;
    const last = spans.at(-1);
    const isNarrow = (span: Span | undefined): span is Span =>
      span !== undefined && span.end - span.start < LEAST_WIDTH * latencyMs;
    if (isNarrow(last) && ms < LEAST_WIDTH * latencyMs) {
      merged++;
      spans[spans.length - 1] = { ...last, end, title: `${merged} short kernels` };
    } else {
      merged = 1;
      spans.push({ start, end, group, title: `${type}: ${nodes[0]}\n${formatMs(ms)} ms` });
    }
    start = end;
  }
  return spans;
}

/** Steps, one a kernel; of kernels that are too narrow to be seen the highest. */
function areaOf({ kernels, startupMs, latencyMs, size }: ViewedReport): string {
  const x = (ms: number): number => Math.round((ms / latencyMs) * UNITS);
  const y = (bytes: number): number =>
    Math.round(UNITS - (bytes / Math.max(1, size.activationBytes)) * 0.95 * UNITS);
  let now = startupMs;
  let drawn = x(now);
  let most = 0;
  let path = `M${drawn} ${UNITS}`;
  for (const [index, { latencyMs: ms, activationBytes }] of kernels.entries()) {
    now += ms;
    most = Math.max(most, activationBytes);
    const end = x(now);
    if (end - drawn < LEAST_WIDTH * UNITS && index < kernels.length - 1) continue;
    path += `V${y(most)}H${end}`;
    drawn = end;
    most = 0;
  }
  return `${path}V${UNITS}Z`;
}
