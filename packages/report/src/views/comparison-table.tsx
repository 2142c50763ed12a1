import { useMemo, useState } from 'preact/hooks';
import { formatMs } from '../format.ts';
import { Choice } from './chart-parts.tsx';
import { type MatchedKernels, matchKernels } from './match-kernels.ts';
import type { ViewedReport } from './page-data.ts';
import { SortableTable, type TableColumn } from './sortable-table.tsx';

interface Row extends MatchedKernels {
  readonly index: number;
}

/** Two reports side by side, of two devices or two models: kernel by kernel, the greatest changes first. */
export function ComparisonTable({ reports }: { readonly reports: readonly ViewedReport[] }) {
  const [[before, after], setPair] = useState(() => firstPair(reports));
  const [from, to] = [reports[before]!, reports[after]!];
  const rows = useMemo(
    () => matchKernels(from.kernels, to.kernels).map((row, index): Row => ({ ...row, index })),
    [from, to],
  );
  const titles = reports.map(titleOf);
  return (
    <section class="comparison">
      <h2>Side by side</h2>
      <p>
        {`From ${titles[before]} to ${titles[after]}. Kernels are matched by the names of their nodes; the greatest difference comes first.`}
      </p>
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
      <SortableTable
        label="Kernels of both, matched by name"
        columns={COLUMNS}
        rows={rows}
        keyOf={({ index }) => index}
        total={{
          ...{ index: -1, name: 'total', types: ['with start-up', 'with start-up'] },
          ms: [from.latencyMs, to.latencyMs],
        }}
        sortedFirst={DIFFERENCE}
      />
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

const ofSide = (side: 0 | 1, title: string): TableColumn<Row> => ({
  title,
  text: ({ types, ms }) => (types[side] === '' ? 'none' : formatMs(ms[side])),
  value: ({ ms }) => ms[side],
});

const COLUMNS: readonly TableColumn<Row>[] = [
  { title: 'nodes', text: ({ name }) => name, value: ({ name }) => name, isText: true },
  { title: 'kernels', text: typesText, value: typesText, isText: true },
  ofSide(0, 'from, ms'),
  ofSide(1, 'to, ms'),
  {
    title: 'difference',
    text: differenceText,
    value: (row) => Math.abs(difference(row)),
    tone: (row) => ['faster', '', 'slower'][1 + Math.sign(difference(row))]!,
  },
  {
    title: 'factor',
    text: (row) => (isOnBothSides(row) ? `${factor(row).toFixed(2)}×` : ''),
    value: (row) => (isOnBothSides(row) ? factor(row) : -1),
  },
];
/** The column that has the difference. */
const DIFFERENCE = 4;

function typesText({ types: [before, after] }: MatchedKernels): string {
  if (before === after || before === '' || after === '') return before || after;
  return `${before} → ${after}`;
}

function difference({ ms: [before, after] }: MatchedKernels): number {
  return after - before;
}

function differenceText(row: MatchedKernels): string {
  const ms = difference(row);
  return ms === 0 ? '=' : `${ms > 0 ? '+' : '−'}${formatMs(Math.abs(ms))}`;
}

function isOnBothSides({ ms: [before, after] }: MatchedKernels): boolean {
  return before > 0 && after > 0;
}

function factor({ ms: [before, after] }: MatchedKernels): number {
  return after / before;
}
