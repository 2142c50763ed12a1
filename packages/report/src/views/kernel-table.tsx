import { useMemo, useState } from 'preact/hooks';
import { formatBytes, formatCount, formatMs, formatShape, formatShare } from '../format.ts';
import { WideTable } from './chart-parts.tsx';
import type { ViewedKernel, ViewedReport } from './page-data.ts';
import { type RooflinePoint, rooflinePoints } from './roofline.ts';

const MOST_ROWS = 1000;

interface Row {
  readonly kernel: ViewedKernel;
  readonly index: number;
  readonly share: number;
  readonly point: RooflinePoint | undefined;
}

interface TableColumn {
  readonly title: string;
  readonly text: (row: Row) => string;
  /** What it sorts by. */
  readonly value: (row: Row) => number | string;
}

const COLUMNS: readonly TableColumn[] = [
  { title: '#', text: ({ index }) => String(index + 1), value: ({ index }) => index },
  { title: 'kernel', text: ({ kernel }) => kernel.type, value: ({ kernel }) => kernel.type },
  {
    title: 'nodes',
    text: ({ kernel: { nodes } }) =>
      nodes.length > 1 ? `${nodes[0]} +${nodes.length - 1}` : (nodes[0] ?? ''),
    value: ({ kernel }) => kernel.nodes[0] ?? '',
  },
  {
    title: 'ms',
    text: ({ kernel: { basis, latencyMs } }) =>
      basis === 'uncounted' ? '-' : `${basis === 'estimated' ? '~' : ''}${formatMs(latencyMs)}`,
    value: ({ kernel }) => kernel.latencyMs,
  },
  { title: 'share', text: ({ share }) => formatShare(share), value: ({ share }) => share },
  {
    title: 'of ceiling',
    text: ({ point }) => (point?.leastMs === undefined ? '' : formatShare(ceilingShare(point))),
    value: ({ point }) => (point?.leastMs === undefined ? -1 : ceilingShare(point)),
  },
  {
    title: 'MACs/byte',
    text: ({ point }) => (point === undefined ? '' : point.macsPerByte.toPrecision(3)),
    value: ({ point }) => point?.macsPerByte ?? -1,
  },
  {
    title: 'GMAC/s',
    text: ({ point }) => (point === undefined ? '' : (point.macsPerMs / 1e6).toPrecision(3)),
    value: ({ point }) => point?.macsPerMs ?? -1,
  },
  {
    title: 'MACs',
    text: ({ kernel }) => formatCount(kernel.macs),
    value: ({ kernel }) => kernel.macs,
  },
  {
    title: 'input',
    text: ({ kernel }) => formatShape(kernel.input),
    value: ({ kernel }) => elements(kernel.input),
  },
  {
    title: 'output',
    text: ({ kernel }) => formatShape(kernel.output),
    value: ({ kernel }) => elements(kernel.output),
  },
  {
    title: 'weights',
    text: ({ kernel }) => formatBytes(kernel.weightBytes),
    value: ({ kernel }) => kernel.weightBytes,
  },
  {
    title: 'kept activations',
    text: ({ kernel }) => formatBytes(kernel.activationBytes),
    value: ({ kernel }) => kernel.activationBytes,
  },
];
const TEXTS = new Set(['kernel', 'nodes']);
/** Columns that start with the least; the others start with the greatest. */
const ASCENDING = new Set(['#', ...TEXTS]);

function ceilingShare({ leastMs, kernel }: RooflinePoint): number {
  return Math.min(1, leastMs! / kernel.latencyMs);
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** All kernels with their numbers: sorted by any column, filtered by a part of a name or type. */
export function KernelTable(props: { readonly report: ViewedReport; readonly id: string }) {
  const { report, id } = props;
  const [sorting, setSorting] = useState({ column: 0, isReversed: false });
  const [filter, setFilter] = useState('');
  const rows = useMemo(() => rowsOf(report), [report]);
  const { title: sortedBy, value } = COLUMNS[sorting.column]!;
  const isAscending = ASCENDING.has(sortedBy) !== sorting.isReversed;
  const shown = useMemo(() => {
    const wanted = filter.trim().toLowerCase();
    const direction = isAscending ? 1 : -1;
    return rows
      .filter(({ kernel: { type, nodes } }) =>
        [type, ...nodes].some((text) => text.toLowerCase().includes(wanted)),
      )
      .sort((a, b) => direction * compare(value(a), value(b)));
  }, [rows, filter, value, isAscending]);
  const sumMs = shown.reduce((sum, { kernel }) => sum + kernel.latencyMs, 0);
  return (
    <figure>
      <h3>Kernels</h3>
      <p class="filter">
        <label for={`${id}-filter`}>Filter by type or name </label>
        <input
          id={`${id}-filter`}
          type="search"
          value={filter}
          onInput={({ currentTarget }) => setFilter(currentTarget.value)}
        />{' '}
        <span role="status">
          {`${shown.length} of ${rows.length} kernels, ${formatMs(sumMs)} ms${shown.length > MOST_ROWS ? `; the first ${MOST_ROWS} are shown` : ''}`}
        </span>
      </p>
      <WideTable label={`Kernels of ${report.model} on ${report.predictor}`}>
        <thead>
          <tr>
            {COLUMNS.map(({ title }, column) => (
              <th
                key={title}
                scope="col"
                class={TEXTS.has(title) ? undefined : 'number'}
                aria-sort={title !== sortedBy ? 'none' : isAscending ? 'ascending' : 'descending'}
              >
                <button
                  type="button"
                  onClick={() =>
                    setSorting({
                      column,
                      isReversed: sorting.column === column && !sorting.isReversed,
                    })
                  }
                >
                  {title}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.slice(0, MOST_ROWS).map((row) => (
            <tr key={row.index}>
              {COLUMNS.map(({ title, text }) => (
                <td key={title} class={TEXTS.has(title) ? 'name' : 'number'}>
                  {text(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </WideTable>
    </figure>
  );
}

function rowsOf(report: ViewedReport): readonly Row[] {
  const points = new Map(rooflinePoints(report).map((point) => [point.index, point]));
  return report.kernels.map((kernel, index) => ({
    kernel,
    index,
    share: report.latencyMs > 0 ? kernel.latencyMs / report.latencyMs : 0,
    point: points.get(index),
  }));
}

function compare(a: number | string, b: number | string): number {
  return a < b ? -1 : Number(a > b);
}
