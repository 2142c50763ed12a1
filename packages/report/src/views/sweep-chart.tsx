import { formatBytes, formatCount, formatMs } from '../format.ts';
import { type PredictedPoint, predictorsOf, type Sweep } from '../sweep.ts';
import { Chart, percent, SeriesLegend, seriesClass, TextTable } from './chart-parts.tsx';
import { LONGEST_MESSAGE, shown } from './page-data.ts';
import { linearAxis, linePath, logAxis, Plot, Stretched, shortNumber } from './plot.tsx';

/** Latencies are so far apart that only their logarithms show all devices. */
const FAR = 20;

/** The latency of a model over the values of a variable, a line a device with its interval; what failed is in the table. */
export function SweepChart({ sweep }: { readonly sweep: Sweep }) {
  const { variable, points } = sweep;
  const name = shown(variable);
  const names = predictorsOf(points);
  const predicted = points.filter((point): point is PredictedPoint => 'predictions' in point);
  const failed = points.length - predicted.length;
  return (
    <Chart
      title={`Latency by ${name}`}
      caption={`A line is a device, the band around it the 90 % interval.${failed > 0 ? ` ${failed} of ${points.length} values failed; the table says why.` : ''}`}
    >
      {predicted.length > 0 && <Curves sweep={sweep} predicted={predicted} names={names} />}
      {names.length > 1 && <SeriesLegend names={names} />}
      <details open={predicted.length === 0}>
        <summary>{`Table by ${name}`}</summary>
        <TextTable
          label={`Latency of ${shown(sweep.model)} by ${name}`}
          head={[name, ...names.map((each) => `ms: ${each}`), 'MACs', 'activations', 'remarks']}
          rows={points.map((point) => {
            if ('error' in point)
              return [String(point.value), shown(point.error.message, LONGEST_MESSAGE)];
            const { size, predictions } = point;
            const outside = new Set(predictions.flatMap(({ extrapolation }) => extrapolation));
            return [
              String(point.value),
              ...predictions.map(({ latencyMs }) => formatMs(latencyMs)),
              formatCount(size.macs),
              formatBytes(size.activationBytes),
              outside.size === 0 ? '' : `outside the training data: ${[...outside].join(', ')}`,
            ];
          })}
        />
      </details>
    </Chart>
  );
}

function Curves(props: {
  readonly sweep: Sweep;
  readonly predicted: readonly PredictedPoint[];
  readonly names: readonly string[];
}) {
  const { sweep, predicted, names } = props;
  const variable = shown(sweep.variable);
  const lines = names.map((_, device) =>
    predicted.map(({ value, predictions }) => {
      const { latencyMs, interval } = predictions[device]!;
      return {
        value,
        latencyMs,
        low: interval?.low ?? latencyMs,
        high: interval?.high ?? latencyMs,
      };
    }),
  );
  const all = lines.flat();
  const latencies = all.flatMap(({ low, high }) => [low, high]);
  const isFar = Math.max(...latencies) > FAR * Math.min(...latencies) && Math.min(...latencies) > 0;
  const x = linearAxis(
    sweep.points.map(({ value }) => value),
    'across',
  );
  const y = isFar ? logAxis(latencies, 'up') : linearAxis([0, ...latencies], 'up');
  return (
    <Plot
      label={`Latency on ${names.length} devices by ${variable}; the table below has the numbers`}
      x={x}
      y={y}
      xTitle={variable}
      formatY={(ms) => `${shortNumber(ms)} ms`}
    >
      <Stretched>
        {lines.map((line, device) => {
          const upper = line.map(({ value, high }) => [value, high] as const);
          const lower = line.map(({ value, low }) => [value, low] as const).reverse();
          const middle = line.map(({ value, latencyMs }) => [value, latencyMs] as const);
          return (
            <g key={device}>
              <path
                class={`band fill ${seriesClass(device)}`}
                d={`${linePath([...upper, ...lower], x, y)}Z`}
              />
              <path class={`curve ${seriesClass(device)}`} d={linePath(middle, x, y)} />
            </g>
          );
        })}
      </Stretched>
      {lines.flatMap((line, device) =>
        line.map(({ value, latencyMs, low, high }) => (
          <circle
            key={`${device} ${value}`}
            class={`fill ${seriesClass(device)}`}
            cx={percent(x.place(value))}
            cy={percent(y.place(latencyMs))}
            r="3"
          >
            <title>
              {`${names[device]}, ${variable} ${value}\n${formatMs(latencyMs)} ms (${formatMs(low)} – ${formatMs(high)})`}
            </title>
          </circle>
        )),
      )}
    </Plot>
  );
}
