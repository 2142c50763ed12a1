import { NAME_PATTERN } from '@nnmeter/predictor';
import { formatTimeLeft } from '@nnmeter/report';
import { type Dispatch, useEffect, useRef, useState } from 'preact/hooks';
import type { BuildRequest, BuiltFacts } from '../protocol.ts';
import { type RunningBuild, startBuild } from './build-client.ts';
import { save } from './save.ts';
import type { Action, State } from './state.ts';
import { failureOf } from './use-worker.ts';
import type { WorkerClient } from './worker-client.ts';

interface Parts {
  readonly state: State;
  readonly client: WorkerClient;
  readonly dispatch: Dispatch<Action>;
}

const LIMITS = {
  minutes: { least: 0.1, most: 60, step: 'any' },
  models: { least: 10, most: 2000, step: 1 },
} as const;
type Unit = keyof typeof LIMITS;

/** What the fields of the form say. */
interface Fields {
  readonly name: string;
  readonly amount: string;
  readonly unit: Unit;
}
const SUGGESTED: Fields = { name: 'my-browser', amount: '2', unit: 'minutes' };
const STARTING = { step: 'loading', done: 0, secondsLeft: 0, share: 0 };

/** Makes this browser one of the devices, by measuring it. */
export function MeasureBrowser({ state, client, dispatch }: Parts) {
  const { begun, progress, failure } = state.build;
  const [fields, setFields] = useState({ ...SUGGESTED, ...(begun && { name: begun.name }) });
  const running = useRef<RunningBuild | undefined>(undefined);
  useEffect(() => () => running.current?.stop(), []);

  const measure = async (request: BuildRequest): Promise<void> => {
    const show = (build: Partial<State['build']>): void => dispatch({ kind: 'build', build });
    show({ progress: STARTING, failure: undefined });
    running.current = startBuild(request, (told) => show({ progress: told }));
    try {
      const built = await running.current.result;
      dispatch({ kind: 'built', ...(await client.ask('keepBuilt', { built }))! });
    } catch (error) {
      show({ progress: undefined, failure: failureOf(error), begun: await askBegun(client) });
    }
  };
  const stop = async (): Promise<void> => {
    running.current?.stop();
    dispatch({ kind: 'build', build: { progress: undefined, begun: await askBegun(client) } });
  };

  return (
    <fieldset class="measure">
      <legend>This browser</legend>
      {progress === undefined ? (
        <details open={begun !== undefined || failure !== undefined}>
          <summary>Measure it, and it is one of the devices</summary>
          <MeasureForm
            state={state}
            fields={fields}
            change={(changed) => setFields({ ...fields, ...changed })}
            measure={(request) => void measure(request)}
          />
        </details>
      ) : (
        <p class="ways">
          <label>
            {`${capital(progress.step)}: ${progress.done} done `}
            <progress value={progress.share} />
          </label>
          <span>{`${formatTimeLeft(progress.secondsLeft)} to go`}</span>
          <button type="button" ref={focus} onClick={() => void stop()}>
            Stop
          </button>
        </p>
      )}
      <p role="status" class="hidden">
        {progress?.step ?? state.built.map(({ name }) => `${name} is one of the devices`).join()}
      </p>
      {progress === undefined && begun !== undefined && (
        <p>{`${begun.models} models are measured already, as ${begun.name}.`}</p>
      )}
      {failure !== undefined && (
        <p role="alert" class="warning">
          {failure.message}
        </p>
      )}
      {state.built.map((facts) => (
        <Built key={facts.name} facts={facts} client={client} dispatch={dispatch} />
      ))}
    </fieldset>
  );
}

/** Says what measuring means, and begins it or goes on. */
function MeasureForm(props: {
  readonly state: State;
  readonly fields: Fields;
  readonly change: (changed: Partial<Fields>) => void;
  readonly measure: (request: BuildRequest) => void;
}) {
  const { state, fields, change, measure } = props;
  const { name, amount, unit } = fields;
  const { begun } = state.build;
  const { least, most, step } = LIMITS[unit];
  const isTaken = state.known!.devices.some(
    (each) =>
      each.package !== null &&
      [each.name, ...each.aliases].some((other) => other.toLowerCase() === name.toLowerCase()),
  );
  const checkName = (field: HTMLInputElement | null): void =>
    field?.setCustomValidity(isTaken ? 'A device has this name already' : '');
  const isBegun = begun !== undefined && begun.name === name;
  const start = (resume: boolean): void =>
    measure({ name, budget: { [unit]: Number(amount) }, resume });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        start(isBegun);
      }}
    >
      <p class="soft">
        Small networks run here for a few minutes, with ONNX Runtime as WebAssembly on one thread,
        of which 14 MB are fetched when you start. Nothing is uploaded. Keep this tab in front and
        the computer idle meanwhile.
      </p>
      <p class="ways">
        <label>
          Name{' '}
          <input
            ref={checkName}
            value={name}
            required
            pattern={NAME_PATTERN}
            title="Letters, digits and _ . + -"
            autocomplete="off"
            spellcheck={false}
            onInput={({ currentTarget }) => change({ name: currentTarget.value })}
          />
        </label>
        <label>
          Take{' '}
          <input
            type="number"
            class="amount"
            value={amount}
            required
            min={least}
            max={most}
            step={step}
            onInput={({ currentTarget }) => change({ amount: currentTarget.value })}
          />
        </label>
        <select
          aria-label="Minutes or models"
          value={unit}
          onChange={({ currentTarget }) => change({ unit: currentTarget.value as Unit })}
        >
          <option value="minutes">minutes</option>
          <option value="models">models</option>
        </select>
        <button type="submit">{isBegun ? 'Go on measuring' : 'Measure this browser'}</button>
        {isBegun && (
          <button type="button" onClick={() => start(false)}>
            Start anew
          </button>
        )}
      </p>
    </form>
  );
}

/** What a device that was measured here is worth, to be taken along or forgotten. */
function Built(props: {
  readonly facts: BuiltFacts;
  readonly client: WorkerClient;
  readonly dispatch: Dispatch<Action>;
}) {
  const { facts, client, dispatch } = props;
  const { name, manifest, outcome, notes } = facts;
  const tell = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      dispatch({ kind: 'problem', problem: failureOf(error).message });
    }
  };
  const download = (file: 'plugin' | 'report.html', saved: string): Promise<void> =>
    tell(async () => {
      const blob = await client.ask('downloadBuilt', { name, file });
      if (blob !== undefined) save(blob, saved);
    });
  const forget = (): Promise<void> =>
    tell(async () => {
      await client.ask('forgetBuilt', { name });
      dispatch({ kind: 'unbuilt', name });
    });
  const { measuringSeconds, facts: measuredWith } = manifest.build;
  return (
    <section class="built" aria-label={name}>
      <p>
        <strong>{name}</strong>
        {`: ${manifest.trainedOn}, in ${formatTimeLeft(measuringSeconds)}; ${measuredWith.browser}, whose clock moves in steps of ${measuredWith.clockStepMs} ms`}
      </p>
      <dl>
        {Object.entries(outcome).map(([subject, text]) => (
          <div key={subject}>
            <dt>{subject}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      {notes.map((note) => (
        <p key={note} class="soft">
          {note}
        </p>
      ))}
      <p class="ways">
        <button type="button" onClick={() => void download('plugin', `${name}.zip`)}>
          Plugin (zip)
        </button>
        <button type="button" onClick={() => void download('report.html', `${name}.html`)}>
          How it was built (HTML)
        </button>
        <button type="button" onClick={() => void forget()}>
          {`Forget ${name}`}
        </button>
      </p>
      <p class="soft">
        On the command line: unpack the zip, <code>{`npm install ./${name}`}</code>, and{' '}
        <code>{`nn-meter --predictor ${name} MODEL`}</code>.
      </p>
    </section>
  );
}

async function askBegun(client: WorkerClient): Promise<State['build']['begun']> {
  return client.ask('begun', {}).catch(() => undefined);
}

/** Takes the place of the button that began it. */
function focus(button: HTMLElement | null): void {
  button?.focus();
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
