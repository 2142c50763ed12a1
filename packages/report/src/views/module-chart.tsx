import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { formatMs, formatShare } from '../format.ts';
import { Chart, Legend, percent, WideTable } from './chart-parts.tsx';
import { layOutModules, type Module, type ModuleCell, moduleTree } from './module-tree.ts';
import type { ViewedReport } from './page-data.ts';

const ROW_HEIGHT = 22;
/** What is narrower is left out, as a share of the width. */
const LEAST_WIDTH = 0.0008;
const MOST_ROWS = 300;

/**
 * Where time goes, by module and kernel: an icicle, from the model above to kernels below. A module is entered by a click or
 * Enter and left by Escape, or by a click on what is around it.
 */
export function ModuleChart({ report }: { readonly report: ViewedReport }) {
  const tree = useMemo(() => moduleTree(report.kernels, report.model), [report]);
  const root = useMemo(() => layOutModules(tree), [tree]);
  const [entered, setEntered] = useState(root);
  const [current, setCurrent] = useState(root);
  const icicle = useRef<HTMLDivElement>(null);
  const top = entered.ancestors().includes(root) ? entered : root;
  const cells = useMemo(() => cellsWithin(top), [top]);
  const rows = 1 + Math.max(0, ...cells.map(({ depth }) => depth));
  const groups = new Set(report.kernels.map(({ group }) => group));
  const focused = cells.includes(current) ? current : top;
  const hadKey = useRef(false);
  useLayoutEffect(() => {
    if (hadKey.current) icicle.current?.querySelector<SVGElement>('[tabindex="0"]')?.focus();
    hadKey.current = false;
  }, [focused, top]);
  const enter = (cell: ModuleCell): void => {
    const module = cell.children === undefined ? (cell.parent ?? cell) : cell;
    setEntered(module);
    setCurrent(cell);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' || event.key === ' ') enter(focused);
    else if (event.key === 'Escape' && top !== root) enter(top.parent!);
    else {
      const next = neighbour(focused, event.key, cells);
      if (next === undefined) return;
      setCurrent(next);
    }
    hadKey.current = true;
    event.preventDefault();
  };
  return (
    <Chart
      title="Where time goes, by module"
      caption={`Width is time. ${root.children?.length ?? 0} parts of the model in the order in which they begin, their modules below them, and the kernels at the bottom; coloured by what they compute. Point at a cell for its name; click it, or press Enter, to see it alone, and Escape to go back.`}
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
              key={`${cell.depth} ${cell.x0}`}
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
        {top !== root &&
          `Only ${top.data.name}: ${cellText(top, tree.latencyMs)}. Escape shows what it is in.`}
      </p>
      <Legend groups={groups} />
      <details>
        <summary>Table of modules</summary>
        <ModuleTable root={tree} label={`Modules of ${report.model} on ${report.predictor}`} />
      </details>
    </Chart>
  );
}

/** A module, what it is in, and what is in it and wide enough. */
function cellsWithin(top: ModuleCell): readonly ModuleCell[] {
  const least = LEAST_WIDTH * (top.x1 - top.x0);
  const found: ModuleCell[] = top.ancestors().slice(1);
  const open = [top];
  for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
    found.push(cell);
    for (const child of cell.children ?? []) if (child.x1 - child.x0 >= least) open.push(child);
  }
  return found;
}

/** The cell that an arrow key leads to. */
function neighbour(
  cell: ModuleCell,
  key: string,
  cells: readonly ModuleCell[],
): ModuleCell | undefined {
  const beside = (step: 1 | -1): ModuleCell | undefined =>
    cells
      .filter(({ depth, x0 }) => depth === cell.depth && step * (x0 - cell.x0) > 0)
      .reduce<ModuleCell | undefined>(
        (nearest, each) =>
          nearest === undefined || step * (each.x0 - nearest.x0) < 0 ? each : nearest,
        undefined,
      );
  switch (key) {
    case 'ArrowUp':
      return cell.parent ?? undefined;
    case 'ArrowDown':
      return cell.children?.find((child) => cells.includes(child));
    case 'ArrowLeft':
      return beside(-1);
    case 'ArrowRight':
      return beside(1);
    default:
      return undefined;
  }
}

function cellText({ data }: ModuleCell, total: number): string {
  const share = total > 0 ? data.latencyMs / total : 0;
  return `${formatMs(data.latencyMs)} ms, ${formatShare(share)}`;
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
  const { name, kernel } = cell.data;
  const node = kernel === undefined ? '' : `: ${kernel.nodes[0]}`;
  const width = top.x1 - top.x0;
  const start = Math.max(0, (cell.x0 - top.x0) / width);
  const end = Math.min(1, (cell.x1 - top.x0) / width);
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

/** The modules of a model without its kernels, each indented below the one that it is in. */
function ModuleTable(props: { readonly root: Module; readonly label: string }) {
  const { root, label } = props;
  const rows: { readonly module: Module; readonly depth: number }[] = [];
  const walk = (module: Module, depth: number): void => {
    if (module.kernel !== undefined || rows.length >= MOST_ROWS) return;
    rows.push({ module, depth });
    for (const child of module.children) walk(child, depth + 1);
  };
  walk(root, 0);
  return (
    <WideTable label={label}>
      <thead>
        <tr>
          <th scope="col">module</th>
          <th scope="col" class="number">
            ms
          </th>
          <th scope="col" class="number">
            share
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ module, depth }, index) => (
          <tr key={index}>
            <th scope="row" class="name">
              {`${'\u2003'.repeat(depth)}${module.name}`}
            </th>
            <td class="number">{formatMs(module.latencyMs)}</td>
            <td class="number">
              {formatShare(root.latencyMs > 0 ? module.latencyMs / root.latencyMs : 0)}
            </td>
          </tr>
        ))}
      </tbody>
    </WideTable>
  );
}
