import { percent, seriesClass, TextTable } from './chart-parts.tsx';
import { EvaluationView, type PlottedEvaluation } from './evaluation-view.tsx';
import { linearAxis, linePath, Plot, Stretched, shortNumber } from './plot.tsx';

/** A page of sections: plain data, for what has no view of its own. */
export interface ViewedDocument {
  readonly title: string;
  /** What it is about, in a sentence. */
  readonly intro: string;
  readonly notes: readonly string[];
  readonly sections: readonly DocumentSection[];
}

/** A section, and what it has of these. */
export interface DocumentSection {
  readonly title: string;
  readonly text?: string;
  readonly table?: {
    readonly head: readonly string[];
    readonly rows: readonly (readonly string[])[];
  };
  readonly line?: LinePlot;
  readonly evaluation?: PlottedEvaluation;
}

/** Values over something, as a line from point to point. */
export interface LinePlot {
  readonly xTitle: string;
  readonly yTitle: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly label: string }[];
}

export function DocumentView({ title, intro, notes, sections }: ViewedDocument) {
  return (
    <main>
      <h1>{title}</h1>
      <p>{intro}</p>
      {notes.length > 0 && (
        <ul>
          {notes.map((note, index) => (
            <li key={index}>{note}</li>
          ))}
        </ul>
      )}
      {sections.map(({ title: heading, text, table, line, evaluation }, index) => (
        <section key={index}>
          {evaluation === undefined && <h2>{heading}</h2>}
          {text !== undefined && <p>{text}</p>}
          {line !== undefined && <LineChart title={heading} line={line} />}
          {evaluation !== undefined && <EvaluationView {...evaluation} />}
          {table !== undefined && <TextTable label={heading} {...table} />}
        </section>
      ))}
    </main>
  );
}

function LineChart({ title, line }: { readonly title: string; readonly line: LinePlot }) {
  const { xTitle, yTitle, points } = line;
  const x = linearAxis(
    points.map((point) => point.x),
    'across',
  );
  const y = linearAxis([0, ...points.map((point) => point.y)], 'up');
  return (
    <>
      <Plot
        label={`${title}: ${yTitle} over ${xTitle}; the table below has the numbers`}
        x={x}
        y={y}
        xTitle={xTitle}
        formatY={(value) => `${yTitle} ${shortNumber(value)}`}
      >
        <Stretched>
          <path
            class={`curve ${seriesClass(0)}`}
            d={linePath(
              points.map((point) => [point.x, point.y]),
              x,
              y,
            )}
          />
        </Stretched>
        {points.map((point, index) => (
          <circle
            key={index}
            class={`fill ${seriesClass(0)}`}
            cx={percent(x.place(point.x))}
            cy={percent(y.place(point.y))}
            r="3"
          >
            <title>{point.label}</title>
          </circle>
        ))}
      </Plot>
      <details>
        <summary>Table</summary>
        <TextTable
          label={`${title}, as a table`}
          head={[xTitle, yTitle, '']}
          rows={points.map((point) => [shortNumber(point.x), shortNumber(point.y), point.label])}
        />
      </details>
    </>
  );
}
