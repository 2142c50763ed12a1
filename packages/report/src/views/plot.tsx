import { scaleLinear, scaleLog } from 'd3-scale';
import type { ComponentChildren } from 'preact';
import { formatCount } from '../format.ts';
import { percent } from './chart-parts.tsx';

/** Room for the labels of the axes, as shares of a plot. */
const LEFT = 0.02;
const RIGHT = 0.98;
const TOP = 0.04;
const BOTTOM = 0.9;
/** Room around the values of a logarithmic axis. */
const MARGIN = 1.6;
const HEIGHT = 340;
/** Units of the drawing of what is stretched. */
const UNITS = 10_000;

/** Where values are on a plot, from 0 to 1, and where its lines and labels are. */
export interface Axis {
  place(value: number): number;
  readonly ticks: readonly number[];
  readonly domain: readonly [low: number, high: number];
}

type Direction = 'across' | 'up';

function rangeOf(direction: Direction): [number, number] {
  return direction === 'across' ? [LEFT, RIGHT] : [BOTTOM, TOP];
}

/** A logarithmic axis around values above 0; lines at powers of ten, and where there are few at twice and five times them. */
export function logAxis(values: readonly number[], direction: Direction): Axis {
  const [least, most] = extremes(values);
  const domain = [least / MARGIN, most * MARGIN] as const;
  const scale = scaleLog().domain(domain).range(rangeOf(direction));
  const ticks = scale.ticks(20);
  const starting = (digits: string): readonly number[] =>
    ticks.filter((tick) => digits.includes(tick.toExponential()[0]!));
  const powers = starting('1');
  return { place: scale, domain, ticks: powers.length >= 3 ? powers : starting('125') };
}

/** A linear axis around values. */
export function linearAxis(values: readonly number[], direction: Direction): Axis {
  const [least, most] = extremes(values);
  const domain = least === most ? ([least - 0.5, most + 0.5] as const) : ([least, most] as const);
  const scale = scaleLinear().domain(domain).range(rangeOf(direction));
  return { place: scale, domain, ticks: scale.ticks(direction === 'across' ? 8 : 5) };
}

function extremes(values: readonly number[]): readonly [number, number] {
  return values.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
}

/** The frame of a plot: lines and labels at the ticks of both axes, below what is drawn. */
export function Plot(props: {
  /** Says what is plotted and where its numbers are, for those who do not see it. */
  readonly label: string;
  readonly x: Axis;
  readonly y: Axis;
  /** What goes across. */
  readonly xTitle: string;
  readonly formatX?: (tick: number) => string;
  readonly formatY: (tick: number) => string;
  readonly children: ComponentChildren;
}) {
  const { label, x, y, xTitle, formatX = shortNumber, formatY, children } = props;
  return (
    <svg class="plot" width="100%" height={HEIGHT} role="img" aria-label={label}>
      {x.ticks.map((tick) => (
        <g key={tick}>
          <line
            class="grid"
            x1={percent(x.place(tick))}
            x2={percent(x.place(tick))}
            y1="0"
            y2={percent(BOTTOM)}
          />
          <text x={percent(x.place(tick))} y={percent(BOTTOM)} dy="16" text-anchor="middle">
            {formatX(tick)}
          </text>
        </g>
      ))}
      {y.ticks.map((tick) => (
        <g key={tick}>
          <line
            class="grid"
            x1={percent(LEFT)}
            x2="100%"
            y1={percent(y.place(tick))}
            y2={percent(y.place(tick))}
          />
          <text x={percent(LEFT)} y={percent(y.place(tick))} dx="4" dy="-3">
            {formatY(tick)}
          </text>
        </g>
      ))}
      <text x="100%" y="100%" dy="-4" text-anchor="end">
        {xTitle}
      </text>
      {children}
    </svg>
  );
}

/** A number as labels of axes have it. */
export function shortNumber(value: number): string {
  if (value >= 1e5) return formatCount(value);
  return value !== 0 && Math.abs(value) < 1e-3
    ? value.toExponential(1)
    : String(Number(value.toPrecision(3)));
}

/** Something drawn in units of a plot that is stretched to its size; strokes keep theirs. */
export function Stretched({ children }: { readonly children: ComponentChildren }) {
  return (
    <svg
      aria-hidden="true"
      width="100%"
      height="100%"
      viewBox={`0 0 ${UNITS} ${UNITS}`}
      preserveAspectRatio="none"
    >
      {children}
    </svg>
  );
}

type Point = readonly [x: number, y: number];

/** A path through points of a plot. */
export function linePath(points: readonly Point[], x: Axis, y: Axis): string {
  return points.map((point, index) => `${index === 0 ? 'M' : 'L'}${unitsOf(point, x, y)}`).join('');
}

/** A path of dots, drawn by its stroke: thousands of points are one element. */
export function dotsPath(points: readonly Point[], x: Axis, y: Axis): string {
  return points.map((point) => `M${unitsOf(point, x, y)}h0`).join('');
}

function unitsOf([across, up]: Point, x: Axis, y: Axis): string {
  return `${Math.round(x.place(across) * UNITS)} ${Math.round(y.place(up) * UNITS)}`;
}
