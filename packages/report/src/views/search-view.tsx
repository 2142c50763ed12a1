import { useState } from 'preact/hooks';
import { Choice, percent, SeriesLegend, seriesClass } from './chart-parts.tsx';
import { dotsPath, linearAxis, Plot, Stretched, shortNumber } from './plot.tsx';
import { SortableTable, type TableColumn } from './sortable-table.tsx';

/** What was found of a candidate, by name. */
type Values = Readonly<Record<string, number>>;

/** A candidate of the first fronts. */
export interface ViewedFinalist {
  readonly id: number;
  /** From 1. */
  readonly front: number;
  readonly values: Values;
  /** What was chosen, in words. */
  readonly sample: string;
}

/** A search as a page shows it: plain data. */
export interface ViewedSearch {
  readonly title: string;
  /** What was sought and how, in words. */
  readonly facts: readonly string[];
  /** What the plot begins with. */
  readonly axes: readonly [across: string, up: string];
  readonly finalists: readonly ViewedFinalist[];
  /** Other candidates that are drawn. */
  readonly others: readonly Values[];
}

/** Candidates by two of their values, the fronts in colours, and a table of them. */
export function SearchView({ title, facts, axes, finalists, others }: ViewedSearch) {
  const [[across, up], setAxes] = useState(axes);
  const [chosen, setChosen] = useState<ViewedFinalist | undefined>(undefined);
  const names = Object.keys(finalists[0]?.values ?? {});
  const fronts = Math.max(0, ...finalists.map(({ front }) => front));
  const all = [...others, ...finalists.map(({ values }) => values)];
  const axisOf = (name: string, direction: 'across' | 'up') =>
    linearAxis(
      all.map((values) => values[name]!),
      direction,
    );
  const [x, y] = [axisOf(across, 'across'), axisOf(up, 'up')];
  return (
    <main>
      <h1>{title}</h1>
      <ul>
        {facts.map((fact, index) => (
          <li key={index}>{fact}</li>
        ))}
      </ul>
      <figure>
        <h2>Fronts</h2>
        <p>
          A dot is a candidate, those of the first fronts in colours. Point at one, or press its
          number in the table, for what it is.
        </p>
        <p class="filter">
          <Choice
            label="Across"
            titles={names}
            chosen={names.indexOf(across)}
            choose={(index) => setAxes([names[index]!, up])}
          />
          <Choice
            label="Up"
            titles={names}
            chosen={names.indexOf(up)}
            choose={(index) => setAxes([across, names[index]!])}
          />
        </p>
        <Plot
          label={`Candidates by ${across} and ${up}; the table has the numbers`}
          x={x}
          y={y}
          xTitle={across}
          formatY={(value) => `${up} ${shortNumber(value)}`}
        >
          <Stretched>
            <path
              class="dots other"
              d={dotsPath(
                others.map((values) => [values[across]!, values[up]!]),
                x,
                y,
              )}
            />
          </Stretched>
          {finalists.toReversed().map((finalist) => (
            <circle
              key={finalist.id}
              class={`point fill ${seriesClass(finalist.front - 1)}`}
              cx={percent(x.place(finalist.values[across]!))}
              cy={percent(y.place(finalist.values[up]!))}
              r={chosen?.id === finalist.id ? 8 : 4}
              onPointerEnter={() => setChosen(finalist)}
            >
              <title>{`candidate ${finalist.id}, front ${finalist.front}`}</title>
            </circle>
          ))}
        </Plot>
        <SeriesLegend names={Array.from({ length: fronts }, (_, front) => `front ${front + 1}`)} />
      </figure>
      <p class="sample" role="status">
        {chosen !== undefined &&
          `Candidate ${chosen.id}, front ${chosen.front}: ${names.map((name) => `${name} ${exactNumber(chosen.values[name]!)}`).join(', ')}\n${chosen.sample}`}
      </p>
      <SortableTable
        label="Candidates of the first fronts"
        columns={columnsOf(names)}
        rows={finalists}
        keyOf={({ id }) => id}
        sortedFirst={FRONT_COLUMN}
        chosen={chosen?.id}
        choose={setChosen}
      />
      <details>
        <summary>What they are</summary>
        <ul>
          {finalists.map(({ id, sample }) => (
            <li key={id}>{`${id}: ${sample}`}</li>
          ))}
        </ul>
      </details>
    </main>
  );
}

function exactNumber(value: number): string {
  return Number.isInteger(value)
    ? value.toLocaleString('en')
    : value.toLocaleString('en', { maximumSignificantDigits: 5 });
}

const FRONT_COLUMN = 1;

function columnsOf(names: readonly string[]): readonly TableColumn<ViewedFinalist>[] {
  const column = (
    title: string,
    value: (finalist: ViewedFinalist) => number,
  ): TableColumn<ViewedFinalist> => ({
    title,
    text: (finalist) => exactNumber(value(finalist)),
    value,
    startsLow: true,
  });
  return [
    { ...column('candidate', ({ id }) => id), text: ({ id }) => String(id) },
    column('front', ({ front }) => front),
    ...names.map((name) => column(name, ({ values }) => values[name]!)),
  ];
}
