import { createContext, options } from 'preact';
import { useContext, useEffect, useMemo, useState } from 'preact/hooks';
import { WideTable } from './chart-parts.tsx';

/** A column of a table that sorts. */
export interface TableColumn<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  /** What it sorts by. */
  readonly value: (row: Row) => number | string;
  /** Of words, not numbers. */
  readonly isText?: boolean;
  /** Whether it is sorted with the least first; words are. */
  readonly startsLow?: boolean;
  /** The class of a cell, beside that of its kind. */
  readonly tone?: (row: Row) => string;
}

/** Of longer tables only the rows in sight are there, each on one line; without a script so many. */
const LONG = 500;
/** Rows of a long table that are printed. */
const PRINTED_ROWS = 5000;
/** Pixels; the style sheet says the same. */
const ROW_HEIGHT = 28;
/** Rows that may be in sight, and rows above and below them for those who read on. */
const IN_SIGHT = 40;
const AROUND = 40;

/** A table of any length, whose rows are sorted by a click on the head of a column. */
export function SortableTable<Row>(props: {
  readonly label: string;
  readonly columns: readonly TableColumn<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => number;
  /** What stands above all rows, however they are sorted. */
  readonly total?: Row;
  /** The column that it is sorted by at first; default: the first. */
  readonly sortedFirst?: number;
  /** The row that is marked. */
  readonly chosen?: number | undefined;
  /** Makes rows such that can be chosen, by a button in their first column. */
  readonly choose?: (row: Row) => void;
}) {
  const { label, columns, keyOf, total, sortedFirst = 0, chosen, choose } = props;
  const [sorting, setSorting] = useState({ column: sortedFirst, isReversed: false });
  const { title: sortedBy, value, isText, startsLow = isText } = columns[sorting.column]!;
  const isAscending = (startsLow === true) !== sorting.isReversed;
  const rows = useMemo(
    () => sorted(props.rows, value, isAscending ? 1 : -1),
    [props.rows, value, isAscending],
  );
  const isLong = rows.length > LONG;
  const medium = useMedium();
  const [scrolled, setScrolled] = useState(0);
  const count = { static: LONG, screen: IN_SIGHT + 2 * AROUND, print: PRINTED_ROWS }[medium];
  const isScrolled = isLong && medium === 'screen';
  const first = isScrolled ? Math.min(scrolled, rows.length - count) : 0;
  const shown = isLong ? rows.slice(first, first + count) : rows;
  const rest = rows.length - first - shown.length;
  /** Rows above the first. */
  const above = total === undefined ? 1 : 2;
  return (
    <>
      <WideTable
        label={label}
        {...(isLong && {
          rowCount: rows.length + above,
          onScroll: (top: number) =>
            setScrolled(Math.max(0, Math.floor(top / ROW_HEIGHT / AROUND) - 1) * AROUND),
        })}
      >
        <thead>
          <tr aria-rowindex={isLong ? 1 : undefined}>
            {columns.map(({ title, isText }, column) => (
              <th
                key={title}
                scope="col"
                class={isText ? 'name' : 'number'}
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
          {total !== undefined && (
            <tr aria-rowindex={isLong ? above : undefined} class="total">
              <Cells row={total} columns={columns} />
            </tr>
          )}
          {first > 0 && <Spacer rows={first} columns={columns.length} />}
          {shown.map((row, index) => (
            <tr
              key={keyOf(row)}
              aria-rowindex={isLong ? above + first + index + 1 : undefined}
              class={chosen === keyOf(row) ? 'chosen' : undefined}
            >
              <Cells row={row} columns={columns} choose={choose} />
            </tr>
          ))}
          {isScrolled && rest > 0 && <Spacer rows={rest} columns={columns.length} />}
        </tbody>
      </WideTable>
      {medium !== 'screen' && rest > 0 && <p>{`${rest} more rows are not shown.`}</p>}
    </>
  );
}

function Cells<Row>(props: {
  readonly row: Row;
  readonly columns: readonly TableColumn<Row>[];
  readonly choose?: ((row: Row) => void) | undefined;
}) {
  const { row, columns, choose } = props;
  return (
    <>
      {columns.map(({ title, isText, text, tone }, column) => (
        <td key={title} class={`${isText ? 'name' : 'number'} ${tone?.(row) ?? ''}`.trimEnd()}>
          {choose !== undefined && column === 0 ? (
            <button type="button" onClick={() => choose(row)}>
              {text(row)}
            </button>
          ) : (
            text(row)
          )}
        </td>
      ))}
    </>
  );
}

/** What stands for rows that are not there. */
function Spacer({ rows, columns }: { readonly rows: number; readonly columns: number }) {
  return (
    <tr class="spacer">
      <td colSpan={columns}>
        <svg width="1" height={rows * ROW_HEIGHT} aria-hidden="true" />
      </td>
    </tr>
  );
}

/** Whether the page is there before its script. */
export const Prerendered = createContext(false);

type Medium = 'static' | 'screen' | 'print';

/** `static` before a script makes the page live. */
function useMedium(): Medium {
  const isPrerendered = useContext(Prerendered);
  const [medium, setMedium] = useState<Medium>(isPrerendered ? 'static' : 'screen');
  useEffect(() => {
    const show = (): void => setMedium('screen');
    const print = (): void => {
      // The browser prints what is there when the event ends.
      const { debounceRendering } = options;
      options.debounceRendering = (render) => render();
      setMedium('print');
      options.debounceRendering = debounceRendering!;
    };
    show();
    window.addEventListener('beforeprint', print);
    window.addEventListener('afterprint', show);
    return () => {
      window.removeEventListener('beforeprint', print);
      window.removeEventListener('afterprint', show);
    };
  }, []);
  return medium;
}

function sorted<Row>(
  rows: readonly Row[],
  value: (row: Row) => number | string,
  direction: 1 | -1,
): readonly Row[] {
  const keyed = rows.map((row) => ({ row, key: value(row) }));
  keyed.sort((a, b) => direction * (a.key < b.key ? -1 : Number(a.key > b.key)));
  return keyed.map(({ row }) => row);
}
