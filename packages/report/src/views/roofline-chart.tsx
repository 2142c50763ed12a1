import { scaleLog } from 'd3-scale';
import { formatMs, formatShare } from '../format.ts';
import { Chart, Legend, percent } from './chart-parts.tsx';
import type { ViewedReport } from './page-data.ts';
import { type RooflinePoint, rooflinePoints } from './roofline.ts';

const MOST_POINTS = 1000;
/** Room for the labels of the axes, and around the points, as shares of the chart. */
const LEFT = 0.02;
const BOTTOM = 0.9;
const MARGIN = 1.6;
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
  const x = logScale([...points.map(({ macsPerByte }) => macsPerByte), ...ridge], [LEFT, 1]);
  const y = logScale([...points.map(({ macsPerMs }) => macsPerMs), ...top], [BOTTOM, 0]);
  return (
    <Chart title="Roofline" caption={<Summary report={report} points={points} />}>
      <svg
        class="roofline"
        width="100%"
        height="340"
        role="img"
        aria-label={`Roofline plot of ${points.length} kernels; the table of kernels has the numbers`}
      >
        {ticksOf(x).map((tick) => (
          <g key={tick}>
            <line
              class="grid"
              x1={percent(x(tick))}
              x2={percent(x(tick))}
              y1="0"
              y2={percent(BOTTOM)}
            />
            <text x={percent(x(tick))} y={percent(BOTTOM)} dy="16" text-anchor="middle">
              {short(tick)}
            </text>
          </g>
        ))}
        {ticksOf(y).map((tick) => (
          <g key={tick}>
            <line
              class="grid"
              x1={percent(LEFT)}
              x2="100%"
              y1={percent(y(tick))}
              y2={percent(y(tick))}
            />
            <text x={percent(LEFT)} y={percent(y(tick))} dx="4" dy="-3">
              {`${short(tick / PER_GIGA)} GMAC/s`}
            </text>
          </g>
        ))}
        <text x="100%" y="100%" dy="-4" text-anchor="end">
          MACs per byte
        </text>
        {roofline !== null && <Roof roofline={roofline} x={x} y={y} />}
        {points.map(({ kernel, index, macsPerByte, macsPerMs, leastMs }) => (
          <circle
            key={index}
            cx={percent(x(macsPerByte))}
            cy={percent(y(macsPerMs))}
            r={3 + 12 * Math.sqrt(kernel.latencyMs / report.latencyMs)}
            class={`point fill ${kernel.group}`}
          >
            <title>
              {`${kernel.type}: ${kernel.nodes[0]}\n${formatMs(kernel.latencyMs)} ms${leastMs === undefined ? '' : `, at least ${formatMs(leastMs)} ms by the ceilings`}`}
            </title>
          </circle>
        ))}
      </svg>
      <Legend groups={new Set(points.map(({ kernel }) => kernel.group))} />
    </Chart>
  );
}

type Scale = ReturnType<typeof scaleLog<number, number>>;

function logScale(values: readonly number[], range: readonly [number, number]): Scale {
  const [low, high] = [Math.min(...values) / MARGIN, Math.max(...values) * MARGIN];
  return scaleLog<number, number>().domain([low, high]).range(range);
}

/** Powers of ten; where there are few, twice and five times them too. */
function ticksOf(scale: Scale): readonly number[] {
  const ticks = scale.ticks(20);
  const starting = (digits: string): readonly number[] =>
    ticks.filter((tick) => digits.includes(tick.toExponential()[0]!));
  const powers = starting('1');
  return powers.length >= 3 ? powers : starting('125');
}

function short(value: number): string {
  return value >= 1e5 || value < 1e-3
    ? value.toExponential(0)
    : String(Number(value.toPrecision(2)));
}

function Roof(props: {
  readonly roofline: NonNullable<ViewedReport['roofline']>;
  readonly x: Scale;
  readonly y: Scale;
}) {
  const { roofline, x, y } = props;
  const { macsPerMs, bytesPerMs } = roofline;
  const [low, high] = x.domain() as [number, number];
  const [floor] = y.domain() as [number, number];
  const ridge = macsPerMs / bytesPerMs;
  // Where the slope leaves the chart at the bottom.
  const start = Math.max(low, floor / bytesPerMs);
  return (
    <g class="roof">
      <line
        x1={percent(x(start))}
        y1={percent(y(start * bytesPerMs))}
        x2={percent(x(ridge))}
        y2={percent(y(macsPerMs))}
      />
      <line
        x1={percent(x(ridge))}
        y1={percent(y(macsPerMs))}
        x2={percent(x(high))}
        y2={percent(y(macsPerMs))}
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
