import type { ViewedReport } from '@nnmeter/report/views';
import { type Dispatch, useEffect, useRef } from 'preact/hooks';
import type { Failure } from '../protocol.ts';
import { type Action, type Model, type State, signatureOf } from './state.ts';
import { type WorkerClient, WorkerFailure } from './worker-client.ts';

/** Has the worker do what the state lacks: read models, and predict those that are read on the chosen devices. */
export function useWorker(state: State, dispatch: Dispatch<Action>, client: WorkerClient): void {
  const underWay = useRef(new Set<string>());
  const { models, devices } = state;
  useEffect(() => {
    const once = (task: string, work: () => Promise<void>): void => {
      if (underWay.current.has(task)) return;
      underWay.current.add(task);
      void work().finally(() => underWay.current.delete(task));
    };
    for (const model of models) {
      const { id, revision, failure, predictions } = model;
      if (model.read?.revision !== revision) {
        if (failure === undefined)
          once(`read ${id} ${revision}`, () => read(model, state, dispatch, client));
        continue;
      }
      for (const device of devices) {
        if (predictions[device]?.revision !== revision)
          once(`predict ${id} ${revision} ${device}`, () =>
            predict(model, device, dispatch, client),
          );
      }
    }
  }, [models, devices]);
}

async function read(
  model: Model,
  state: State,
  dispatch: Dispatch<Action>,
  client: WorkerClient,
): Promise<void> {
  const { id, revision, name, origin, inputShapes } = model;
  const { whatIf, assume } = state;
  const signature = signatureOf(state, model);
  try {
    const options = {
      assume,
      ...(inputShapes && { inputShapes }),
      ...(signature !== undefined && { signature }),
    };
    const parameters = { model: id, name, origin, options, whatIf };
    const facts = await client.ask('read', parameters, `read ${id}`);
    if (facts !== undefined) dispatch({ kind: 'read', model: id, revision, facts });
  } catch (error) {
    dispatch({ kind: 'unread', model: id, revision, failure: failureOf(error) });
  }
}

async function predict(
  { id, revision, name }: Model,
  device: string,
  dispatch: Dispatch<Action>,
  client: WorkerClient,
): Promise<void> {
  try {
    const parameters = { model: id, name, device };
    const parts: ViewedReport['kernels'][] = [];
    const report = await client.ask('predict', parameters, `predict ${id} ${device}`, (part) =>
      parts.push(part),
    );
    if (report === undefined) return;
    const prediction = { revision, report: { ...report, kernels: parts.flat() } };
    dispatch({ kind: 'predicted', model: id, device, prediction });
  } catch (error) {
    const prediction = { revision, failure: failureOf(error) };
    dispatch({ kind: 'predicted', model: id, device, prediction });
  }
}

/** @throws what is no failure of the worker, which is a defect of the page */
export function failureOf(error: unknown): Failure {
  if (error instanceof WorkerFailure) return error.failure;
  throw error;
}
