import { type AssumedSize, type AssumedSizes, assumedSizes } from '@nnmeter/ir';
import type { Dispatch } from 'preact/hooks';
import { NumberField } from './number-field.tsx';
import type { Action } from './state.ts';

/** What sizes in a model are taken to be that depend on data. */
export function AssumedSizesForm(props: {
  readonly model: string;
  readonly id: string;
  /** Those in the model, as they are. */
  readonly sizes: AssumedSizes;
  /** Those that were chosen. */
  readonly assume: AssumedSizes;
  readonly dispatch: Dispatch<Action>;
}) {
  const { model, id, sizes, assume, dispatch } = props;
  const entries = Object.entries(sizes) as [AssumedSize, number][];
  if (entries.length === 0) return null;
  return (
    <details>
      <summary>{`Sizes in ${model} that depend on data`}</summary>
      {entries.map(([name, size]) => (
        <p key={name} class="ways">
          <label for={`${id}-${name}`}>
            {name} <span class="soft">{assumedSizes[name].of}</span>
          </label>
          <NumberField
            id={`${id}-${name}`}
            value={size}
            isWhole={true}
            least={1}
            change={(value) => dispatch({ kind: 'assume', name, size: value })}
          />
          <button
            type="button"
            disabled={assume[name] === undefined}
            aria-label={`Reset: ${name} as is usual`}
            onClick={() => dispatch({ kind: 'assume', name, size: undefined })}
          >
            Reset
          </button>
        </p>
      ))}
    </details>
  );
}
