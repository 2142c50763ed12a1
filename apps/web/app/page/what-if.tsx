import type { Variable } from '@nnmeter/predictor';
import type { Sweep } from '@nnmeter/report';
import { SweepChart, shown } from '@nnmeter/report/views';
import { type Dispatch, useEffect, useRef, useState } from 'preact/hooks';
import { NumberField } from './number-field.tsx';
import { type Action, type Model, type State, signatureOf } from './state.ts';
import type { WorkerClient } from './worker-client.ts';

/** What a slider and a curve go over. */
interface Range {
  readonly title: string;
  readonly least: number;
  readonly most: number;
  readonly step: number;
}

const RANGES: Readonly<Record<string, Range>> = {
  resolution: { title: 'Resolution, pixels', least: 32, most: 1024, step: 32 },
  batch: { title: 'Batch', least: 1, most: 32, step: 1 },
  channels: { title: 'Width, times the channels', least: 0.25, most: 2, step: 0.05 },
};

function rangeOf({ name, value }: Variable): Range {
  return RANGES[name] ?? { title: shown(name), least: 1, most: Math.max(512, 2 * value), step: 1 };
}

/** Sliders for what may be varied of all models, and the latency of one over one of them. */
export function WhatIfView(props: {
  readonly model: Model;
  readonly state: State;
  readonly client: WorkerClient;
  readonly dispatch: Dispatch<Action>;
}) {
  const { model, state, client, dispatch } = props;
  const { whatIf } = state;
  const variables = model.read?.facts.variables ?? [];
  const [wanted, setWanted] = useState('resolution');
  const over = variables.find(({ name }) => name === wanted) ?? variables[0];
  const curve = useSweep(model, over, state, client);
  if (over === undefined) return null;
  return (
    <section aria-label="What if">
      <h2>What if</h2>
      <div class="sliders">
        {variables.map((variable) => (
          <Slider
            key={variable.name}
            variable={variable}
            value={whatIf[variable.name]}
            change={(value) => dispatch({ kind: 'vary', name: variable.name, value })}
          />
        ))}
      </div>
      <p class="ways">
        <label>
          Curve of {shown(model.name)} over{' '}
          <select
            value={over.name}
            onChange={({ currentTarget }) => setWanted(currentTarget.value)}
          >
            {variables.map((variable) => (
              <option key={variable.name} value={variable.name}>
                {rangeOf(variable).title}
              </option>
            ))}
          </select>
        </label>
      </p>
      {curve !== undefined && <SweepChart sweep={curve} />}
    </section>
  );
}

function Slider(props: {
  readonly variable: Variable;
  /** Undefined: as in the model. */
  readonly value: number | undefined;
  readonly change: (value: number | undefined) => void;
}) {
  const { variable, value, change } = props;
  const { title, least, most, step } = rangeOf(variable);
  const id = `what-if-${variable.name}`;
  const isWhole = step >= 1;
  const current = value ?? variable.value;
  return (
    <p class="slider">
      <label for={id}>{title}</label>
      <button
        type="button"
        disabled={value === undefined}
        aria-label={`Reset: ${title} as in the model`}
        onClick={() => change(undefined)}
      >
        Reset
      </button>
      <input
        id={id}
        type="range"
        min={least}
        max={most}
        step={step}
        value={current}
        onInput={({ currentTarget }) => change(currentTarget.valueAsNumber)}
      />
      <NumberField
        label={`${title}, as a number`}
        value={current}
        isWhole={isWhole}
        least={isWhole ? 1 : least}
        change={change}
      />
    </p>
  );
}

/** The latency of a model over a variable, as far as it is known, the other variables being what they are. */
function useSweep(
  model: Model,
  over: Variable | undefined,
  state: State,
  client: WorkerClient,
): Sweep | undefined {
  const [curve, setCurve] = useState<Sweep | undefined>();
  const asked = useRef('');
  const { devices, whatIf, assume, calibrations } = state;
  const { [over?.name ?? '']: _, ...others } = whatIf;
  const reading = [others, model.inputShapes, signatureOf(state, model), assume];
  const question = JSON.stringify([over?.name, reading, devices, calibrations]);
  const isRead = model.read?.revision === model.revision;
  useEffect(() => {
    // While the model is read anew, what is known of it stands.
    if (over === undefined || !isRead || devices.length === 0 || asked.current === question) return;
    asked.current = question;
    const { id, name } = model;
    const { least, most } = rangeOf(over);
    const points: Sweep['points'][number][] = [];
    const parameters = {
      model: id,
      name,
      variable: over.name,
      range: [least, most],
      devices,
    } as const;
    const take = (result: Sweep | undefined): void => {
      if (asked.current === question) setCurve(result && { ...result, points });
    };
    client
      .ask('sweep', parameters, 'sweep', (point) => points.push(point))
      .then(take, () => take(undefined));
  }, [question, isRead]);
  return curve;
}
