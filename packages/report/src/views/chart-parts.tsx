import type { ComponentChildren } from 'preact';
import type { KernelGroup } from './page-data.ts';

const GROUP_TITLES: Readonly<Record<KernelGroup, string>> = {
  conv: 'convolution',
  dwconv: 'depthwise convolution',
  product: 'matrix product, recurrent',
  pool: 'pooling, reduction',
  elementwise: 'elementwise, normalization',
  move: 'data movement',
  other: 'other',
};

/** A place in a chart, from 0 (left, top) to 1, as SVG takes it: charts are as wide as the page, their texts are not scaled. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(3).replace(/\.?0+$/, '')}%`;
}

/** The colours of the groups that a chart has. */
export function Legend({ groups }: { readonly groups: ReadonlySet<KernelGroup> }) {
  const shown = Object.entries(GROUP_TITLES).filter(([group]) => groups.has(group as KernelGroup));
  return (
    <ul class="legend">
      {shown.map(([group, title]) => (
        <li key={group}>
          <svg width="12" height="12" aria-hidden="true">
            <rect width="12" height="12" class={`fill ${group}`} />
          </svg>{' '}
          {title}
        </li>
      ))}
    </ul>
  );
}

/** A chart with its caption, which says in words what it shows and where the numbers are. */
export function Chart(props: {
  readonly title: string;
  readonly caption: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  return (
    <figure>
      <h3>{props.title}</h3>
      <p>{props.caption}</p>
      {props.children}
    </figure>
  );
}

/** A table that scrolls where the page is too narrow, or the table too long, for it. */
export function WideTable(props: {
  readonly label: string;
  /** Of a table of which only the rows in sight are there: how many it has, each on one line. */
  readonly rowCount?: number;
  /** Told how far it is scrolled down, in pixels. */
  readonly onScroll?: (top: number) => void;
  readonly children: ComponentChildren;
}) {
  const { label, rowCount, onScroll, children } = props;
  return (
    <section
      class="wide"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboards scroll what has the focus
      tabIndex={0}
      onScroll={onScroll && (({ currentTarget }) => onScroll(currentTarget.scrollTop))}
    >
      <table class={rowCount === undefined ? undefined : 'long'} aria-rowcount={rowCount}>
        {children}
      </table>
    </section>
  );
}

/** A table of texts under a head of titles; what reads as a number stands right, and the last text of a shorter row goes over the rest. */
export function TextTable(props: {
  readonly label: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}) {
  const { label, head, rows } = props;
  const isNumber = (text = ''): boolean => /^[-−+~]?[\d.]+(e[-+]?\d+)?( ?%)?$/.test(text);
  const classOf = (column: number): string =>
    rows.some((row) => isNumber(row[column])) ? 'number' : 'name';
  const isLast = (column: number, row: readonly string[]): boolean =>
    row.length < head.length && column === row.length - 1;
  return (
    <WideTable label={label}>
      <thead>
        <tr>
          {head.map((title, column) => (
            <th key={column} scope="col" class={classOf(column)}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          <tr key={index}>
            {row.map((text, column) => (
              <td
                key={column}
                class={isNumber(text) ? 'number' : 'name'}
                colSpan={isLast(column, row) ? head.length - column : undefined}
              >
                {text}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </WideTable>
  );
}

/** One of several things by its title. */
export function Choice(props: {
  readonly label: string;
  readonly titles: readonly string[];
  /** Index of what is chosen. */
  readonly chosen: number;
  readonly choose: (index: number) => void;
}) {
  const { label, titles, chosen, choose } = props;
  return (
    <label>
      {`${label} `}
      <select value={chosen} onChange={({ currentTarget }) => choose(Number(currentTarget.value))}>
        {titles.map((title, index) => (
          <option key={index} value={index} selected={index === chosen}>
            {title}
          </option>
        ))}
      </select>{' '}
    </label>
  );
}

/** Colours of lines and dots that are told apart by name; more than these are told apart by the table. */
const SERIES = 8;

/** The class that colours the strokes, or with `fill` the area, of one of several series. */
export function seriesClass(index: number): string {
  return `series-${index % SERIES}`;
}

/** The names of the series of a chart with their colours. */
export function SeriesLegend({ names }: { readonly names: readonly string[] }) {
  return (
    <ul class="legend">
      {names.map((name, index) => (
        <li key={index}>
          <svg width="12" height="12" aria-hidden="true">
            <rect width="12" height="12" class={`fill ${seriesClass(index)}`} />
          </svg>{' '}
          {name}
        </li>
      ))}
    </ul>
  );
}
