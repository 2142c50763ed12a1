import { formatCount, formatShape } from '@nnmeter/report';
import { shown, viewFailure } from '@nnmeter/report/views';
import { type Dispatch, useState } from 'preact/hooks';
import { type Action, failuresOfModel, type Model, type State } from './state.ts';

/** The models of the page, with what is wrong with them and the shapes of their inputs. */
export function ModelList(props: { readonly state: State; readonly dispatch: Dispatch<Action> }) {
  const { state, dispatch } = props;
  return (
    <section aria-label="Models">
      <ul class="models">
        {state.models.map((model) => (
          <ModelItem key={model.id} model={model} devices={state.devices} dispatch={dispatch} />
        ))}
      </ul>
    </section>
  );
}

function ModelItem(props: {
  readonly model: Model;
  readonly devices: readonly string[];
  readonly dispatch: Dispatch<Action>;
}) {
  const { model, devices, dispatch } = props;
  const { id, read } = model;
  const name = shown(model.name);
  const failures = failuresOfModel(model, devices);
  const wanted = failures.find((failure) => failure.wanted !== undefined)?.wanted;
  const inputs =
    read?.facts.inputs ??
    Object.entries(wanted ?? {}).map(([input, shape]) => ({ name: input, shape }));
  return (
    <li>
      <p>
        <strong class="name">{name}</strong>{' '}
        {read === undefined ? (
          failures.length === 0 && <span class="soft">is being read …</span>
        ) : (
          <span class="soft">{`${read.facts.type}, ${formatCount(read.facts.nodes)} nodes`}</span>
        )}{' '}
        <button
          type="button"
          aria-label={`Remove ${name}`}
          onClick={() => dispatch({ kind: 'remove', model: id })}
        >
          Remove
        </button>
      </p>
      {failures.map(({ message }, index) => (
        <p key={index} role="alert" class="warning">
          {viewFailure({ model: '', message }).message}
        </p>
      ))}
      {inputs.length > 0 && (
        <details open={wanted !== undefined}>
          <summary>{`Input shapes of ${name}`}</summary>
          <ShapeForm
            // Other inputs are another form.
            key={inputs.map((input) => `${input.name} ${input.shape}`).join()}
            id={`shape-${id}`}
            inputs={inputs.map(({ name: input, shape }) => ({
              name: input,
              shape: shape ?? wanted?.[input],
            }))}
            isChanged={model.inputShapes !== undefined}
            change={(inputShapes) => dispatch({ kind: 'shape', model: id, inputShapes })}
          />
        </details>
      )}
    </li>
  );
}

function ShapeForm(props: {
  readonly id: string;
  readonly inputs: readonly {
    readonly name: string;
    readonly shape: readonly number[] | undefined;
  }[];
  readonly isChanged: boolean;
  readonly change: (inputShapes: Model['inputShapes']) => void;
}) {
  const { id, inputs, isChanged, change } = props;
  const [texts, setTexts] = useState(() =>
    inputs.map(({ shape }) => (shape === undefined ? '' : formatShape(shape))),
  );
  const [problem, setProblem] = useState('');
  const apply = (): void => {
    const shapes: [string, readonly number[]][] = [];
    for (const [index, { name }] of inputs.entries()) {
      const text = texts[index]!.trim();
      if (text === '') continue;
      const shape = text.split(/[x,\s]+/).map(Number);
      if (!shape.every((extent) => Number.isSafeInteger(extent) && extent > 0)) {
        setProblem(`“${text}” is no shape; write positive numbers, such as 1x3x224x224`);
        return;
      }
      shapes.push([name, shape]);
    }
    setProblem('');
    change(Object.fromEntries(shapes));
  };
  return (
    <form
      class="shapes"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      {inputs.map(({ name }, index) => (
        <p key={name}>
          <label for={`${id}-${index}`}>{shown(name)}</label>{' '}
          <input
            id={`${id}-${index}`}
            value={texts[index]!}
            autocomplete="off"
            placeholder="1x3x224x224"
            onInput={({ currentTarget: { value } }) =>
              setTexts((before) => before.with(index, value))
            }
          />
        </p>
      ))}
      {problem !== '' && (
        <p role="alert" class="warning">
          {problem}
        </p>
      )}
      <p>
        <button type="submit">Use these shapes</button>{' '}
        {isChanged && (
          <button type="button" onClick={() => change(undefined)}>
            As in the file
          </button>
        )}
      </p>
    </form>
  );
}
