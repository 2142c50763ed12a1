import { formatMs } from '@nnmeter/report';
import { ReportDetails } from '@nnmeter/report/views';
import type { RefObject } from 'preact';
import { type Dispatch, useMemo } from 'preact/hooks';
import type { Action, ShownReport, State } from './state.ts';

/** One model on one device, in all detail. */
export function DetailView(props: {
  readonly shown: readonly ShownReport[];
  readonly state: State;
  readonly dispatch: Dispatch<Action>;
  /** What gets the focus when something else is to be seen. */
  readonly focus: RefObject<HTMLElement | null>;
}) {
  const { shown, state, dispatch, focus } = props;
  const { detail } = state;
  const model = shown.find((each) => each.model === detail.model)?.model ?? shown[0]!.model;
  const ofModel = shown.filter((each) => each.model === model);
  const chosen = ofModel.find(({ device }) => device === detail.device) ?? ofModel[0]!;
  const { report } = chosen;
  const key = `${chosen.model} ${chosen.device}`;
  const details = useMemo(
    () => <ReportDetails key={key} report={report} id="detail" />,
    [key, report],
  );
  return (
    <section ref={focus} tabIndex={-1} class="detail" aria-label="Details">
      <h2>Where the time goes</h2>
      <p class="ways">
        <label>
          Model{' '}
          <select
            value={model}
            onChange={({ currentTarget }) =>
              dispatch({ kind: 'detail', detail: { model: Number(currentTarget.value) } })
            }
          >
            {[...new Map(shown.map((each) => [each.model, each.report.model]))].map(
              ([id, name]) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ),
            )}
          </select>
        </label>
        <label>
          Device{' '}
          <select
            value={chosen.device}
            onChange={({ currentTarget }) =>
              dispatch({ kind: 'detail', detail: { device: currentTarget.value } })
            }
          >
            {ofModel.map(({ device, report: { device: facts } }) => (
              <option key={device} value={device}>
                {`${facts.product}, ${facts.processor}, ${facts.precision}`}
              </option>
            ))}
          </select>
        </label>
      </p>
      <p class="total">
        <strong>{`${formatMs(report.latencyMs)} ms`}</strong>
        <span class="soft">
          {` on ${[report.device.product, report.device.processor, report.device.framework, report.device.precision].join(', ')}`}
        </span>
      </p>
      {details}
    </section>
  );
}
