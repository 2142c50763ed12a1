import { type Dispatch, useState } from 'preact/hooks';
import type { Action, State } from './state.ts';
import { failureOf } from './use-worker.ts';
import type { WorkerClient } from './worker-client.ts';

/** Asks of which device measurements are, and adapts it to them. */
export function Calibration(props: {
  readonly state: State;
  readonly file: File;
  readonly client: WorkerClient;
  readonly dispatch: Dispatch<Action>;
}) {
  const { state, file, client, dispatch } = props;
  const { known, devices, models } = state;
  const [device, setDevice] = useState(devices[0] ?? known?.devices[0]?.id ?? '');
  const calibrate = async (): Promise<void> => {
    const read = models.filter((model) => model.read !== undefined);
    const named = read.map(({ id, name }) => ({ model: id, name }));
    try {
      const facts = await client.ask('calibrate', { csv: file, device, models: named });
      if (facts !== undefined) dispatch({ kind: 'calibrated', device, facts });
    } catch (error) {
      dispatch({ kind: 'problem', problem: failureOf(error).message });
    }
  };
  return (
    <form
      class="calibration"
      aria-label="Calibration"
      onSubmit={(event) => {
        event.preventDefault();
        void calibrate();
      }}
    >
      <p>
        {`${file.name} has measurements (lines of model,ms). `}
        <label>
          Measured on a device like{' '}
          <select value={device} onChange={({ currentTarget }) => setDevice(currentTarget.value)}>
            {known?.devices.map((each) => (
              <option key={each.id} value={each.id}>
                {`${each.device.product} (${each.id})`}
              </option>
            ))}
          </select>
        </label>{' '}
        <button type="submit">Calibrate</button>{' '}
        <button type="button" onClick={() => dispatch({ kind: 'measured', file: undefined })}>
          Leave it
        </button>
      </p>
    </form>
  );
}
