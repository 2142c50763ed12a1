import type { PredictorSummary } from '@nnmeter/predictor';
import { formatShare } from '@nnmeter/report';
import type { Dispatch } from 'preact/hooks';
import type { CalibrationFacts } from '../protocol.ts';
import type { Action } from './state.ts';

/** What a model is predicted on. */
export function DeviceChoice(props: {
  readonly devices: readonly PredictorSummary[];
  readonly chosen: readonly string[];
  readonly calibrations: Readonly<Record<string, CalibrationFacts>>;
  readonly dispatch: Dispatch<Action>;
}) {
  const { devices, chosen, calibrations, dispatch } = props;
  const isExperimental = ({ status }: PredictorSummary): boolean => status === 'experimental';
  const options = (shown: readonly PredictorSummary[]) =>
    shown.map(({ name, device }) => (
      <label key={name} class="device">
        <input
          type="checkbox"
          checked={chosen.includes(name)}
          onChange={({ currentTarget }) =>
            dispatch({ kind: 'choose', device: name, chosen: currentTarget.checked })
          }
        />{' '}
        {device.product} <span class="soft">{name}</span>
      </label>
    ));
  const experimental = devices.filter(isExperimental);
  return (
    <fieldset class="devices">
      <legend>Devices</legend>
      <div class="choices">{options(devices.filter((each) => !isExperimental(each)))}</div>
      <details open={experimental.some(({ name }) => chosen.includes(name))}>
        <summary>{`${experimental.length} more, learned from few networks`}</summary>
        <div class="choices">{options(experimental)}</div>
      </details>
      {Object.entries(calibrations).map(([name, { measurements, rmspeBefore, rmspeAfter }]) => (
        <p key={name}>
          {`${name} is calibrated with ${measurements} ${measurements === 1 ? 'measurement' : 'measurements'}: error ${formatShare(rmspeBefore)} before, ${formatShare(rmspeAfter)} after. `}
          <button
            type="button"
            onClick={() => dispatch({ kind: 'calibrated', device: name, facts: undefined })}
          >
            Undo
          </button>
        </p>
      ))}
    </fieldset>
  );
}
