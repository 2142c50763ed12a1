import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { formatMs, formatShare } from '../format.ts';
import { Chart, Legend, percent } from './chart-parts.tsx';
import { cellsWithin, type Module, type ModuleCell, moduleTree, rootCell } from './module-tree.ts';
import type { ViewedReport } from './page-data.ts';
import { SortableTable, type TableColumn } from './sortable-table.tsx';

const ROW_HEIGHT = 22;
/** What is narrower is left out, as a share of the width. */
const LEAST_WIDTH = 0.0015;

/**
 * Where time goes, by module and kernel: an icicle, from the model above to kernels below. A module is entered by a click or
 * Enter and left by Escape, or by a click on what is around it.
 */
export function ModuleChart({ report }: { readonly report: ViewedReport }) {
  const tree = useMemo(() => moduleTree(report.kernels, report.model), [report]);
  const [[entered, current], setPlace] = useState(() => [rootCell(tree), rootCell(tree)] as const);
  const icicle = useRef<HTMLDivElement>(null);
  const hadKey = useRef(false);
  const isOfTree = (cell: ModuleCell): boolean =>
    cell.parent === undefined ? cell.module === tree : isOfTree(cell.parent);
  const top = useMemo(() => (isOfTree(entered) ? entered : rootCell(tree)), [entered, tree]);
  const cells = useMemo(() => cellsWithin(top, LEAST_WIDTH), [top]);
  const focused = cells.find(({ module }) => module === current.module) ?? top;
  const rows = 1 + Math.max(...cells.map(({ depth }) => depth));
  const groups = new Set(report.kernels.map(({ group }) => group));
  useLayoutEffect(() => {
    if (hadKey.current) icicle.current?.querySelector<SVGElement>('[tabindex="0"]')?.focus();
    hadKey.current = false;
  });
  const enter = (cell: ModuleCell): void => {
    const isKernel = cell.module.kernel !== undefined;
    setPlace([isKernel ? (cell.parent ?? cell) : cell, cell]);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = neighbour(focused, event.key, cells);
    if (event.key === 'Enter' || event.key === ' ') enter(focused);
    else if (event.key === 'Escape' && top.parent !== undefined) enter(top.parent);
    else if (next !== undefined) setPlace([top, next]);
    else return;
    hadKey.current = true;
    event.preventDefault();
  };
  return (
    <Chart
      title="Where time goes, by module"
      caption={`Width is time. ${tree.children.length} parts of the model in the order in which they begin, their modules below them, and the kernels at the bottom; coloured by what they compute. Point at a cell for its name; click it, or press Enter, to see it alone, and Escape to go back.`}
    >
      <div
        ref={icicle}
        role="tree"
        aria-label={`Time in modules of ${report.model}; the table of modules below has the numbers`}
        onKeyDown={onKeyDown}
      >
        <svg class="icicle" width="100%" height={rows * ROW_HEIGHT} role="presentation">
          {cells.map((cell) => (
            <Cell
              key={`${cell.depth} ${cell.startMs}`}
              cell={cell}
              top={top}
              total={tree.latencyMs}
              isCurrent={cell === focused}
              enter={enter}
            />
          ))}
        </svg>
      </div>
      <p class="filter" role="status">
        {top.parent !== undefined &&
          `Only ${top.module.name}: ${cellText(top, tree.latencyMs)}. Escape shows what it is in.`}
      </p>
      <Legend groups={groups} />
      <details>
        <summary>Table of modules</summary>
        <ModuleTable root={tree} label={`Modules of ${report.model} on ${report.predictor}`} />
      </details>
    </Chart>
  );
}

/** The cell that an arrow key leads to. */
function neighbour(
  cell: ModuleCell,
  key: string,
  cells: readonly ModuleCell[],
): ModuleCell | undefined {
  const beside = (step: 1 | -1): ModuleCell | undefined =>
    cells
      .filter(({ depth, startMs }) => depth === cell.depth && step * (startMs - cell.startMs) > 0)
      .toSorted((a, b) => step * (a.startMs - b.startMs))[0];
  switch (key) {
    case 'ArrowUp':
      return cell.parent;
    case 'ArrowDown':
      return cells
        .filter(({ parent }) => parent === cell)
        .toSorted((a, b) => a.startMs - b.startMs)[0];
    case 'ArrowLeft':
      return beside(-1);
    case 'ArrowRight':
      return beside(1);
    default:
      return undefined;
  }
}

function cellText({ module }: ModuleCell, total: number): string {
  const share = total > 0 ? module.latencyMs / total : 0;
  return `${formatMs(module.latencyMs)} ms, ${formatShare(share)}`;
}

function Cell(props: {
  readonly cell: ModuleCell;
  /** What takes the whole width. */
  readonly top: ModuleCell;
  readonly total: number;
  readonly isCurrent: boolean;
  readonly enter: (cell: ModuleCell) => void;
}) {
  const { cell, top, total, isCurrent, enter } = props;
  const { name, kernel } = cell.module;
  const node = kernel === undefined ? '' : `: ${kernel.nodes[0]}`;
  const placeOf = (ms: number): number =>
    Math.min(1, Math.max(0, (ms - top.startMs) / (top.endMs - top.startMs || 1)));
  const start = placeOf(cell.startMs);
  const end = placeOf(cell.endMs);
  return (
    <g
      class="module"
      role="treeitem"
      aria-level={cell.depth + 1}
      aria-selected={cell === top}
      tabindex={isCurrent ? 0 : -1}
      onClick={() => enter(cell)}
    >
      <title>{`${name}${node}\n${cellText(cell, total)}`}</title>
      <svg
        x={percent(start)}
        y={cell.depth * ROW_HEIGHT}
        width={percent(end - start)}
        height={ROW_HEIGHT}
        aria-hidden="true"
      >
        <rect width="100%" height="100%" class={`cell fill ${kernel?.group ?? 'module'}`} />
        {end - start > 0.015 && (
          <text x="4" y="15">
            {name}
          </text>
        )}
      </svg>
    </g>
  );
}

interface ModuleRow {
  readonly module: Module;
  readonly depth: number;
  readonly index: number;
  /** Of the time of all. */
  readonly share: number;
}

const COLUMNS: readonly TableColumn<ModuleRow>[] = [
  {
    title: '#',
    text: ({ index }) => String(index + 1),
    value: ({ index }) => index,
    startsLow: true,
  },
  {
    title: 'module',
    text: ({ module, depth }) => `${'\u2003'.repeat(depth)}${module.name}`,
    value: ({ module }) => module.name,
    isText: true,
  },
  {
    title: 'ms',
    text: ({ module }) => formatMs(module.latencyMs),
    value: ({ module }) => module.latencyMs,
  },
  { title: 'share', text: ({ share }) => formatShare(share), value: ({ share }) => share },
];

/** The modules of a model without its kernels, each indented below the one that it is in. */
function ModuleTable(props: { readonly root: Module; readonly label: string }) {
  const { root, label } = props;
  const rows = useMemo(() => moduleRows(root), [root]);
  return <SortableTable label={label} columns={COLUMNS} rows={rows} keyOf={({ index }) => index} />;
}

function moduleRows(root: Module): readonly ModuleRow[] {
  const rows: ModuleRow[] = [];
  const walk = (module: Module, depth: number): void => {
    if (module.kernel !== undefined) return;
    const share = root.latencyMs > 0 ? module.latencyMs / root.latencyMs : 0;
    rows.push({ module, depth, index: rows.length, share });
    for (const child of module.children) walk(child, depth + 1);
  };
  walk(root, 0);
  return rows;
}
