import { useMemo, useState } from 'preact/hooks';
import { formatMs } from '../format.ts';
import { Choice, WideTable } from './chart-parts.tsx';
import { type MatchedKernels, matchKernels } from './match-kernels.ts';
import type { ViewedReport } from './page-data.ts';

const MOST_ROWS = 500;

/** Two reports side by side, of two devices or two models: kernel by kernel, the greatest changes first. */
export function ComparisonTable({ reports }: { readonly reports: readonly ViewedReport[] }) {
  const [[before, after], setPair] = useState(() => firstPair(reports));
  const rows = useMemo(
    () =>
      [...matchKernels(reports[before]!.kernels, reports[after]!.kernels)].sort(
        (a, b) => Math.abs(change(b)) - Math.abs(change(a)),
      ),
    [reports, before, after],
  );
  const titles = reports.map(titleOf);
  return (
    <section class="comparison">
      <h2>Side by side</h2>
      <p>Kernels are matched by the names of their nodes; the greatest difference comes first.</p>
      <p class="filter">
        <Choice
          label="From"
          titles={titles}
          chosen={before}
          choose={(index) => setPair([index, after])}
        />
        <Choice
          label="To"
          titles={titles}
          chosen={after}
          choose={(index) => setPair([before, index])}
        />
      </p>
      <WideTable label="Kernels of both, matched by name">
        <thead>
          <tr>
            <th scope="col">nodes</th>
            <th scope="col">kernels</th>
            <th scope="col" class="number">
              {`ms: ${titleOf(reports[before]!)}`}
            </th>
            <th scope="col" class="number">
              {`ms: ${titleOf(reports[after]!)}`}
            </th>
            <th scope="col" class="number">
              difference
            </th>
            <th scope="col" class="number">
              factor
            </th>
          </tr>
        </thead>
        <tbody>
          <tr class="total">
            <th scope="row" colSpan={2}>
              total, with start-up
            </th>
            <Figures ms={[reports[before]!.latencyMs, reports[after]!.latencyMs]} />
          </tr>
          {rows.slice(0, MOST_ROWS).map((row, index) => (
            <tr key={index}>
              <td class="name">{row.name}</td>
              <td class="name">{typesText(row)}</td>
              <Figures ms={row.ms} types={row.types} />
            </tr>
          ))}
        </tbody>
      </WideTable>
      {rows.length > MOST_ROWS && (
        <p>{`${rows.length - MOST_ROWS} rows of less difference are not shown.`}</p>
      )}
    </section>
  );
}

/** Two models on one device, or two devices. */
function firstPair(reports: readonly ViewedReport[]): readonly [number, number] {
  const [first] = reports;
  const other = reports.findIndex(
    ({ model, predictor }) => model !== first?.model && predictor === first?.predictor,
  );
  return [0, other === -1 ? Math.min(1, reports.length - 1) : other];
}

function titleOf({ model, predictor }: ViewedReport): string {
  return `${model} on ${predictor}`;
}

function change({ ms: [before, after] }: MatchedKernels): number {
  return after - before;
}

function typesText({ types: [before, after] }: MatchedKernels): string {
  if (before === after || before === '' || after === '') return before || after;
  return `${before} → ${after}`;
}

function Figures(props: {
  readonly ms: readonly [number, number];
  readonly types?: readonly [string, string];
}) {
  const { ms, types } = props;
  const [before, after] = ms;
  const difference = after - before;
  const cell = (side: 0 | 1): string => (types?.[side] === '' ? 'none' : formatMs(ms[side]));
  return (
    <>
      <td class="number">{cell(0)}</td>
      <td class="number">{cell(1)}</td>
      <td class={`number ${difference > 0 ? 'slower' : 'faster'}`}>
        {difference === 0 ? '=' : `${difference > 0 ? '+' : '−'}${formatMs(Math.abs(difference))}`}
      </td>
      <td class="number">{before > 0 && after > 0 ? `${(after / before).toFixed(2)}×` : ''}</td>
    </>
  );
}
