import { parseShape } from '@nnmeter/ir';
import { failureToJson, formatCount, formatShape } from '@nnmeter/report';
import { shown, viewFailure } from '@nnmeter/report/views';
import { type Dispatch, useState } from 'preact/hooks';
import { AssumedSizesForm } from './assumed-sizes.tsx';
import { type Action, failuresOfModel, type Model, type State, signatureOf } from './state.ts';

/** The models of the page, with what is wrong with them and the shapes of their inputs. */
export function ModelList(props: { readonly state: State; readonly dispatch: Dispatch<Action> }) {
  const { state, dispatch } = props;
  return (
    <section aria-label="Models">
      <ul class="models">
        {state.models.map((model) => (
          <ModelItem key={model.id} model={model} state={state} dispatch={dispatch} />
        ))}
      </ul>
    </section>
  );
}

function ModelItem(props: {
  readonly model: Model;
  readonly state: State;
  readonly dispatch: Dispatch<Action>;
}) {
  const { model, state, dispatch } = props;
  const { id, read } = model;
  const name = shown(model.name);
  const failures = failuresOfModel(model, state.devices);
  const wanted = failures.find((failure) => failure.wanted !== undefined)?.wanted;
  const changes = Object.entries(state.whatIf).map(([each, value]) => `${shown(each)} ${value}`);
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
      {failures.length > 0 && read === undefined && changes.length > 0 && (
        <p>
          <button type="button" onClick={() => dispatch({ kind: 'unvary' })}>
            {`Without ${changes.join(', ')}`}
          </button>
        </p>
      )}
      {model.signatures.length > 1 && (
        <SignatureChoice model={model} state={state} dispatch={dispatch} />
      )}
      {read !== undefined && (
        <AssumedSizesForm
          model={name}
          id={`assumed-${id}`}
          sizes={read.facts.assumed}
          assume={state.assume}
          dispatch={dispatch}
        />
      )}
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

/** Which of the models in a file is meant. */
function SignatureChoice(props: {
  readonly model: Model;
  readonly state: State;
  readonly dispatch: Dispatch<Action>;
}) {
  const { model, state, dispatch } = props;
  const current = signatureOf(state, model) ?? model.read?.facts.signature;
  return (
    <p class="ways">
      <label>
        {`Signature of ${shown(model.name)}`}{' '}
        <select
          value={current ?? ''}
          onChange={({ currentTarget: { value } }) =>
            dispatch({ kind: 'sign', model: model.id, signature: value })
          }
        >
          {current === undefined && <option value="">choose one</option>}
          {model.signatures.map((name) => (
            <option key={name} value={name}>
              {shown(name)}
            </option>
          ))}
        </select>
      </label>
    </p>
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
    try {
      const shapes = inputs.flatMap(({ name }, index) => {
        const text = texts[index]!;
        return text.trim() === '' ? [] : [[name, parseShape(text)]];
      });
      setProblem('');
      change(Object.fromEntries(shapes));
    } catch (error) {
      setProblem(failureToJson(error).message);
    }
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
