import { formatShare } from '@nnmeter/report';
import type { Dispatch } from 'preact/hooks';
import type { ListedDevice } from '../protocol.ts';
import type { Action, State } from './state.ts';
import type { WorkerClient } from './worker-client.ts';

/** What a model is predicted on. */
export function DeviceChoice(props: {
  readonly devices: readonly ListedDevice[];
  readonly state: State;
  readonly client: WorkerClient;
  readonly dispatch: Dispatch<Action>;
}) {
  const { devices, state, client, dispatch } = props;
  const isExperimental = ({ status }: ListedDevice): boolean => status === 'experimental';
  const experimental = devices.filter(isExperimental);
  const choices = (shown: readonly ListedDevice[]) => (
    <div class="choices">
      {bySettings(shown).map((settings) => (
        <Choices
          key={settings[0]!.name}
          settings={settings}
          chosen={state.devices}
          dispatch={dispatch}
        />
      ))}
    </div>
  );
  const undo = async (id: string): Promise<void> => {
    await client.ask('forgetCalibration', { device: id });
    dispatch({ kind: 'calibrated', device: id, facts: undefined });
  };
  return (
    <fieldset class="devices">
      <legend>Devices</legend>
      {choices(devices.filter((each) => !isExperimental(each)))}
      <details open={experimental.some(({ id }) => state.devices.includes(id))}>
        <summary>{`${bySettings(experimental).length} more, learned from few networks`}</summary>
        <p>
          The share of networks of unseen families that are predicted within 10 % is beside each.
        </p>
        {choices(experimental)}
      </details>
      {Object.entries(state.calibrations).map(([id, { measurements, rmspeBefore, rmspeAfter }]) => (
        <p key={id}>
          {`${id} is calibrated with ${measurements} ${measurements === 1 ? 'measurement' : 'measurements'}: error ${formatShare(rmspeBefore)} before, ${formatShare(rmspeAfter)} after. `}
          <button type="button" onClick={() => void undo(id)}>
            Undo
          </button>
        </p>
      ))}
    </fieldset>
  );
}

/** A device, in each of its settings if there are several. */
function Choices(props: {
  readonly settings: readonly ListedDevice[];
  readonly chosen: readonly string[];
  readonly dispatch: Dispatch<Action>;
}) {
  const { settings, chosen, dispatch } = props;
  const { name, device } = settings[0]!;
  const title = (
    <>
      {device.product} <span class="soft">{name}</span>
    </>
  );
  const options = settings.map(({ id, setting, within10 }) => (
    <label key={id} class="device">
      <input
        type="checkbox"
        checked={chosen.includes(id)}
        onChange={({ currentTarget }) =>
          dispatch({ kind: 'choose', device: id, chosen: currentTarget.checked })
        }
      />{' '}
      {setting?.text ?? title}
      {within10 !== undefined && <span class="soft"> {formatShare(within10)}</span>}
    </label>
  ));
  if (settings.length === 1) return <>{options}</>;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset inside a fieldset is a frame inside a frame
    <div role="group" aria-label={`${device.product}, ${name}`} class="choices settings">
      <span>{title}</span>
      {options}
    </div>
  );
}

/** Devices, each with its settings, in the order in which they are listed. */
function bySettings(devices: readonly ListedDevice[]): readonly (readonly ListedDevice[])[] {
  const names = [...new Set(devices.map(({ name }) => name))];
  return names.map((name) => devices.filter((each) => each.name === name));
}
