import { useMemo, useState } from 'preact/hooks';
import { formatBytes, formatCount, formatMs, formatShape, formatShare } from '../format.ts';
import type { ViewedKernel, ViewedReport } from './page-data.ts';
import { type RooflinePoint, rooflinePoints } from './roofline.ts';
import { SortableTable, type TableColumn } from './sortable-table.tsx';

interface Row {
  readonly kernel: ViewedKernel;
  readonly index: number;
  readonly share: number;
  readonly point: RooflinePoint | undefined;
}

const COLUMNS: readonly TableColumn<Row>[] = [
  {
    title: '#',
    text: ({ index }) => String(index + 1),
    value: ({ index }) => index,
    startsLow: true,
  },
  {
    title: 'kernel',
    text: ({ kernel }) => kernel.type,
    value: ({ kernel }) => kernel.type,
    isText: true,
  },
  {
    title: 'nodes',
    isText: true,
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
function ceilingShare({ leastMs, kernel }: RooflinePoint): number {
  return Math.min(1, leastMs! / kernel.latencyMs);
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** All kernels with their numbers: sorted by any column, filtered by a part of a name or type. */
export function KernelTable(props: { readonly report: ViewedReport; readonly id: string }) {
  const { report, id } = props;
  const [filter, setFilter] = useState('');
  const rows = useMemo(() => rowsOf(report), [report]);
  const shown = useMemo(() => {
    const wanted = filter.trim().toLowerCase();
    if (wanted === '') return rows;
    return rows.filter(({ kernel: { type, nodes } }) =>
      [type, ...nodes].some((text) => text.toLowerCase().includes(wanted)),
    );
  }, [rows, filter]);
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
          {`${shown.length} of ${rows.length} kernels, ${formatMs(sumMs)} ms`}
        </span>
      </p>
      <SortableTable
        label={`Kernels of ${report.model} on ${report.predictor}`}
        columns={COLUMNS}
        rows={shown}
        keyOf={({ index }) => index}
      />
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
