import { formatMs, formatShare } from '../format.ts';
import { Chart, Legend, percent } from './chart-parts.tsx';
import type { ViewedReport } from './page-data.ts';
import { type Axis, logAxis, Plot, shortNumber } from './plot.tsx';
import { type RooflinePoint, rooflinePoints } from './roofline.ts';

const MOST_POINTS = 1000;
/** MACs per ms are a millionth of the GMAC/s that the axis shows. */
const PER_GIGA = 1e6;

/** Each kernel's MACs per byte against the MACs per second that it reaches, below the ceilings of the device. */
export function RooflineChart({ report }: { readonly report: ViewedReport }) {
  const points = rooflinePoints(report)
    .toSorted((a, b) => b.kernel.latencyMs - a.kernel.latencyMs)
    .slice(0, MOST_POINTS);
  if (points.length === 0) return null;
  const { roofline } = report;
  const ridge = roofline === null ? [] : [roofline.macsPerMs / roofline.bytesPerMs];
  const top = roofline === null ? [] : [roofline.macsPerMs];
  const x = logAxis([...points.map(({ macsPerByte }) => macsPerByte), ...ridge], 'across');
  const y = logAxis([...points.map(({ macsPerMs }) => macsPerMs), ...top], 'up');
  return (
    <Chart title="Roofline" caption={<Summary report={report} points={points} />}>
      <Plot
        label={`Roofline plot of ${points.length} kernels; the table of kernels has the numbers`}
        x={x}
        y={y}
        xTitle="MACs per byte"
        formatY={(macsPerMs) => `${shortNumber(macsPerMs / PER_GIGA)} GMAC/s`}
      >
        {roofline !== null && <Roof roofline={roofline} x={x} y={y} />}
        {points.map(({ kernel, index, macsPerByte, macsPerMs, leastMs }) => (
          <circle
            key={index}
            cx={percent(x.place(macsPerByte))}
            cy={percent(y.place(macsPerMs))}
            r={3 + 12 * Math.sqrt(kernel.latencyMs / report.latencyMs)}
            class={`point fill ${kernel.group}`}
          >
            <title>
              {`${kernel.type}: ${kernel.nodes[0]}\n${formatMs(kernel.latencyMs)} ms${leastMs === undefined ? '' : `, at least ${formatMs(leastMs)} ms by the ceilings`}`}
            </title>
          </circle>
        ))}
      </Plot>
      <Legend groups={new Set(points.map(({ kernel }) => kernel.group))} />
    </Chart>
  );
}

function Roof(props: {
  readonly roofline: NonNullable<ViewedReport['roofline']>;
  readonly x: Axis;
  readonly y: Axis;
}) {
  const { roofline, x, y } = props;
  const { macsPerMs, bytesPerMs } = roofline;
  const [low, high] = x.domain;
  const [floor] = y.domain;
  const ridge = macsPerMs / bytesPerMs;
  // Where the slope leaves the chart at the bottom.
  const start = Math.max(low, floor / bytesPerMs);
  return (
    <g class="roof">
      <line
        x1={percent(x.place(start))}
        y1={percent(y.place(start * bytesPerMs))}
        x2={percent(x.place(ridge))}
        y2={percent(y.place(macsPerMs))}
      />
      <line
        x1={percent(x.place(ridge))}
        y1={percent(y.place(macsPerMs))}
        x2={percent(x.place(high))}
        y2={percent(y.place(macsPerMs))}
      />
    </g>
  );
}

/** What the chart shows, in words. */
function Summary(props: {
  readonly report: ViewedReport;
  readonly points: readonly RooflinePoint[];
}) {
  const { report, points } = props;
  if (report.roofline === null)
    return <>A dot is a kernel, its size its time. The ceilings of this device are not known.</>;
  const of = (bound: RooflinePoint['bound']) => points.filter((point) => point.bound === bound);
  const msOf = (some: readonly RooflinePoint[]): string =>
    formatShare(some.reduce((sum, { kernel }) => sum + kernel.latencyMs, 0) / report.latencyMs);
  const [compute, memory] = [of('compute'), of('memory')];
  return (
    <>
      {`A dot is a kernel that multiplies, its size its time; the line is what the device cannot exceed. Right of the bend kernels are bound by computing (${compute.length} of them, ${msOf(compute)} of the time), left of it by memory (${memory.length}, ${msOf(memory)}).`}
    </>
  );
}
