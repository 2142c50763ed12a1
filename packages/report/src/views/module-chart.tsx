import { formatMs, formatShare } from '../format.ts';
import { Chart, Legend, percent, WideTable } from './chart-parts.tsx';
import { layOutModules, type Module, type ModuleCell, moduleTree } from './module-tree.ts';
import type { ViewedReport } from './page-data.ts';

const ROW_HEIGHT = 22;
/** What is narrower is left out, as a share of the width. */
const LEAST_WIDTH = 0.0008;
const MOST_ROWS = 300;

/** Where time goes, by module and kernel: an icicle, from the model above to kernels below. */
export function ModuleChart({ report }: { readonly report: ViewedReport }) {
  const tree = moduleTree(report.kernels, report.model);
  const root = layOutModules(tree);
  const cells = root.descendants().filter(({ x0, x1 }) => x1 - x0 >= LEAST_WIDTH);
  const rows = 1 + Math.max(0, ...cells.map(({ depth }) => depth));
  const groups = new Set(report.kernels.map(({ group }) => group));
  return (
    <Chart
      title="Where time goes, by module"
      caption={`Width is time. ${root.children?.length ?? 0} parts of the model in the order in which they begin, their modules below them, and the kernels at the bottom; coloured by what they compute. Point at a cell for its name.`}
    >
      <svg
        class="icicle"
        width="100%"
        height={rows * ROW_HEIGHT}
        role="img"
        aria-label={`Icicle of the time in modules of ${report.model}; the table of modules below has the numbers`}
      >
        {cells.map((cell) => (
          <Cell key={`${cell.depth} ${cell.x0}`} cell={cell} total={tree.latencyMs} />
        ))}
      </svg>
      <Legend groups={groups} />
      <details>
        <summary>Table of modules</summary>
        <ModuleTable root={tree} label={`Modules of ${report.model} on ${report.predictor}`} />
      </details>
    </Chart>
  );
}

function Cell({ cell, total }: { readonly cell: ModuleCell; readonly total: number }) {
  const { name, kernel, latencyMs } = cell.data;
  const node = kernel === undefined ? '' : `: ${kernel.nodes[0]}`;
  const share = total > 0 ? latencyMs / total : 0;
  return (
    <svg
      x={percent(cell.x0)}
      y={cell.depth * ROW_HEIGHT}
      width={percent(cell.x1 - cell.x0)}
      height={ROW_HEIGHT}
    >
      <title>{`${name}${node}\n${formatMs(latencyMs)} ms, ${formatShare(share)}`}</title>
      <rect width="100%" height="100%" class={`cell fill ${kernel?.group ?? 'module'}`} />
      {cell.x1 - cell.x0 > 0.015 && (
        <text x="4" y="15">
          {name}
        </text>
      )}
    </svg>
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
