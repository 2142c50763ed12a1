import Table from 'cli-table3';
import { shortenMiddle } from './format.ts';
import type { TextStyle } from './text-style.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Where the table is too wide, texts may be cut in the middle, to this width at least. */
  readonly least?: number;
  /** Where it still is, columns may be left out, in the order of these numbers. */
  readonly leaveOut?: number;
}

/** Spaces between columns. */
const GAP = 2;

const NO_LINES = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left'],
    ...['bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((name) => [name, '']),
);

/** A table without lines: a dim head, columns two spaces apart; made to fit the style's width where columns allow it. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { colors, width }: TextStyle,
): string {
  const widths = fitWidths(columns, rows, width);
  const kept = columns.flatMap((column, index) =>
    widths[index] === undefined ? [] : [{ ...column, index, width: widths[index] }],
  );
  const table = new Table({
    chars: { ...NO_LINES, middle: ' '.repeat(GAP) },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: kept.map(({ align }) => align ?? 'left'),
    head: kept.map(({ title }) => colors.dim(title)),
  });
  const cell = (text: string, column: (typeof kept)[number]): string =>
    column.least === undefined ? text : shortenMiddle(text, column.width);
  table.push(...rows.map((row) => kept.map((column) => cell(row[column.index]!, column))));
  return `${table.toString().replace(/[ \t]+$/gm, '')}\n`;
}

/** The width of each column, undefined for those to leave out; the last ones are cut least. */
function fitWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  available: number,
): readonly (number | undefined)[] {
  const wanted = columns.map(({ title }, index) =>
    rows.reduce((most, row) => Math.max(most, row[index]!.length), widthOf(title)),
  );
  const widths: (number | undefined)[] = columns.map(({ least, title }, index) =>
    least === undefined ? wanted[index] : Math.min(wanted[index]!, Math.max(least, widthOf(title))),
  );
  const free = (): number =>
    widths.reduce<number>((rest, width) => rest - (width === undefined ? 0 : width + GAP), GAP) +
    available;
  const optional = [...columns.entries()]
    .filter(([, { leaveOut }]) => leaveOut !== undefined)
    .sort(([, a], [, b]) => a.leaveOut! - b.leaveOut!);
  for (const [index] of optional) if (free() < 0) widths[index] = undefined;
  for (const [index, width] of [...widths.entries()].reverse()) {
    if (width !== undefined) widths[index] = Math.min(wanted[index]!, width + Math.max(0, free()));
  }
  return widths;
}

function widthOf(title: string): number {
  return Math.max(...title.split('\n').map((line) => line.length));
}

/** Whether {@link renderTable} can keep to the width with every column in place. */
export function fits(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): boolean {
  const all = columns.map(({ leaveOut: _, ...column }) => column);
  const widths = fitWidths(all, rows, width);
  return widths.reduce<number>((sum, each) => sum + (each ?? 0) + GAP, -GAP) <= width;
}
