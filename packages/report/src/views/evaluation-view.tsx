import type { Comparison } from '../comparison.ts';
import type { Accuracy, Evaluation } from '../evaluation.ts';
import { formatMs, formatShare } from '../format.ts';
import { Chart, percent, SeriesLegend, seriesClass, TextTable } from './chart-parts.tsx';
import { shown } from './page-data.ts';
import { dotsPath, linearAxis, linePath, logAxis, Plot, Stretched, shortNumber } from './plot.tsx';

/** What is drawn of an evaluation. */
export interface PlottedEvaluation {
  readonly evaluation: Evaluation;
  /** Its comparisons by family, as by `groupByFamily`. */
  readonly families: ReadonlyMap<string, readonly Comparison[]>;
}

/** Predictions against measurements, and their errors by family, with the figures. */
export function EvaluationView({ evaluation, families }: PlottedEvaluation) {
  const { predictor, version, dataset, count } = evaluation;
  const names = [...families.keys()].map((name) => shown(name));
  return (
    <section>
      <h2>{`${predictor} ${version} on ${shown(dataset)}`}</h2>
      <p>
        {`${count} models: ${formatShare(evaluation.within5)} within 5 %, ${formatShare(evaluation.within10)} within 10 %; root mean square error ${formatShare(evaluation.rmspe)}.`}
      </p>
      <Chart
        title="Predictions against measurements"
        caption="A dot is a model; on the line both are equal. Both axes are logarithmic."
      >
        <ScatterPlot families={families} />
        <SeriesLegend names={names} />
      </Chart>
      <Chart
        title="Errors by family"
        caption="Relative errors: half of them are in the thick part of a line, 90 % in the whole line, the middle one at the mark."
      >
        <ErrorPlot families={families} names={names} />
      </Chart>
      <TextTable
        label={`Accuracy of ${predictor} by family`}
        head={[
          'family',
          'models',
          'RMSE ms',
          'RMSPE',
          'bias',
          'within 5 %',
          'within 10 %',
          'in interval',
        ]}
        rows={[
          ['all', ...figures(evaluation)],
          ...Object.entries(evaluation.families).map(([name, accuracy]) => [
            shown(name),
            ...figures(accuracy),
          ]),
        ]}
      />
      <TextTable
        label="Models that are furthest off"
        head={['furthest off', 'measured ms', 'predicted ms', 'error']}
        rows={evaluation.worst.map(({ id, measuredMs, predictedMs, error }) => [
          shown(id),
          formatMs(measuredMs),
          formatMs(predictedMs),
          `${(100 * error).toFixed(1)} %`,
        ])}
      />
    </section>
  );
}

function figures(accuracy: Accuracy): string[] {
  const { count, rmse, rmspe, bias, within5, within10, intervalCoverage } = accuracy;
  return [
    String(count),
    formatMs(rmse),
    formatShare(rmspe),
    `${(100 * bias).toFixed(1)} %`,
    formatShare(within5),
    formatShare(within10),
    intervalCoverage === null ? '-' : formatShare(intervalCoverage),
  ];
}

type Families = PlottedEvaluation['families'];

/** Predicted against measured latency. */
export function ScatterPlot({ families }: { readonly families: Families }) {
  const all = [...families.values()].flatMap((members) =>
    members.flatMap(({ measured, predicted }) => [measured, predicted]),
  );
  const x = logAxis(all, 'across');
  const y = logAxis(all, 'up');
  const [low, high] = x.domain;
  return (
    <Plot
      label="Predicted against measured latency; the tables below have the figures"
      x={x}
      y={y}
      xTitle="measured ms"
      formatY={(ms) => `predicted ${shortNumber(ms)} ms`}
    >
      <Stretched>
        <path
          class="curve equal"
          d={linePath(
            [
              [low, low],
              [high, high],
            ],
            x,
            y,
          )}
        />
        {[...families.values()].map((members, family) => (
          <path
            key={family}
            class={`dots ${seriesClass(family)}`}
            d={dotsPath(
              members.map(({ measured, predicted }) => [measured, predicted]),
              x,
              y,
            )}
          />
        ))}
      </Stretched>
    </Plot>
  );
}

const ROW_HEIGHT = 24;
/** Shares of a plot that the names take, and the errors. */
const NAMES = 0.25;
/** Errors beyond are at the edge. */
const MOST_ERROR = 1;
const TICKS = [-1, -0.5, 0, 0.5, 1] as const;
const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95] as const;

/** Quantiles of the relative errors of each family. */
export function ErrorPlot(props: {
  readonly families: Families;
  readonly names: readonly string[];
}) {
  const rows = [...props.families.values()].map((members) => {
    const errors = members
      .map(({ measured, predicted }) => predicted / measured - 1)
      .sort((a, b) => a - b);
    return QUANTILES.map((share) => errors[Math.round(share * (errors.length - 1))]!);
  });
  const most = Math.max(0.1, ...rows.flat().map(Math.abs));
  const limit = Math.min(MOST_ERROR, Math.ceil(most * 10) / 10);
  const axis = linearAxis([-limit, limit], 'across');
  const at = (error: number): string =>
    percent(NAMES + (1 - NAMES) * axis.place(Math.max(-limit, Math.min(limit, error))));
  return (
    <svg
      class="plot"
      width="100%"
      height={(rows.length + 1) * ROW_HEIGHT}
      role="img"
      aria-label="Relative errors by family; the table below has the figures"
    >
      {TICKS.map((part) => part * limit).map((tick) => (
        <g key={tick}>
          <line class="grid" x1={at(tick)} x2={at(tick)} y1="0" y2={rows.length * ROW_HEIGHT} />
          <text x={at(tick)} y={(rows.length + 1) * ROW_HEIGHT - 6} text-anchor="middle">
            {`${Math.round(100 * tick)} %`}
          </text>
        </g>
      ))}
      {rows.map(([least, lower, middle, upper, most], family) => {
        const y = (family + 0.5) * ROW_HEIGHT;
        const color = seriesClass(family);
        return (
          <g key={family}>
            <text x={percent(NAMES)} dx="-8" y={y + 4} text-anchor="end">
              {props.names[family]}
            </text>
            <line class={color} x1={at(least!)} x2={at(most!)} y1={y} y2={y} />
            <line class={color} x1={at(lower!)} x2={at(upper!)} y1={y} y2={y} stroke-width="10" />
            <line class="mark" x1={at(middle!)} x2={at(middle!)} y1={y - 7} y2={y + 7} />
          </g>
        );
      })}
    </svg>
  );
}
