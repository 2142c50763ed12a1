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

/** A table that scrolls sideways where the page is too narrow for it. */
export function WideTable(props: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboards scroll what has the focus
    <section class="wide" aria-label={props.label} tabIndex={0}>
      <table>{props.children}</table>
    </section>
  );
}
