import { Overview, type ViewedReport } from '@nnmeter/report/views';
import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import type { Offer, OfferedFile } from '../../src/offer.ts';
import { Calibration } from './calibration.tsx';
import { Comparison } from './comparison.tsx';
import { DetailView } from './detail-view.tsx';
import { DeviceChoice } from './device-choice.tsx';
import { Downloads } from './downloads.tsx';
import { chosenFiles, droppedFiles, type FoundFile, groupFiles } from './files.ts';
import { Intake } from './intake.tsx';
import { linkOf, readLink } from './link.ts';
import { MeasureBrowser } from './measure-browser.tsx';
import { ModelList } from './model-list.tsx';
import { INITIAL, type Known, modelInDetail, reduce, reportsOf, workOf } from './state.ts';
import { failureOf, useWorker } from './use-worker.ts';
import { WhatIfView } from './what-if.tsx';
import { WorkerClient } from './worker-client.ts';

const client = new WorkerClient();

/** The whole page. */
export function App() {
  const [state, dispatch] = useReducer(reduce, undefined, () => {
    const { devices: _devices, networks: _networks, ...options } = readLink(location.hash);
    return { ...INITIAL, ...options };
  });
  const [isDragging, setDragging] = useState(false);
  const detail = useRef<HTMLElement>(null);
  /** What was dropped before the worker was there. */
  const early = useRef<FoundFile[]>([]);
  useWorker(state, dispatch, client);

  const addFiles = (known: Known | undefined, files: readonly FoundFile[]): void => {
    if (known === undefined) {
      early.current.push(...files);
      return;
    }
    const { models, measurements, beside } = groupFiles(files, known.formats);
    for (const { name, files: parts } of models)
      dispatch({ kind: 'add', name, origin: { kind: 'files', files: parts } });
    const [file] = measurements;
    if (file !== undefined) dispatch({ kind: 'measured', file });
    const [other] = beside;
    if (other !== undefined) {
      const more = beside.length > 1 ? ` (and ${beside.length - 1} more)` : '';
      const problem = `${other}${more} is taken for a file beside the models; drop it alone to have it read as one`;
      dispatch({ kind: 'problem', problem });
    }
  };

  useEffect(() => {
    void start();
    async function start(): Promise<void> {
      try {
        const { built, begun, ...known } = (await client.ask('start', {}))!;
        const { devices, networks } = readLink(location.hash);
        dispatch({ kind: 'known', known, built, begun, devices });
        const offer = await readOffer();
        // A page that comes with models is there as long as its server is.
        if (offer === null) void navigator.serviceWorker?.register('service-worker.js');
        for (const name of new Set([...networks, ...(offer?.networks ?? [])]))
          dispatch({ kind: 'add', name, origin: { kind: 'network', name } });
        for (const { name, files } of offer?.models ?? [])
          dispatch({ kind: 'add', name, origin: { kind: 'files', files } });
        addFiles(known, early.current);
      } catch (error) {
        dispatch({ kind: 'problem', problem: failureOf(error).message });
      }
    }
  }, []);

  useEffect(() => {
    const isWithFiles = (event: DragEvent): boolean =>
      event.dataTransfer?.types.includes('Files') === true;
    const over = (event: DragEvent): void => {
      if (!isWithFiles(event)) return;
      event.preventDefault();
      setDragging(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setDragging(false);
    };
    const drop = (event: DragEvent): void => {
      if (!isWithFiles(event) || event.dataTransfer === null) return;
      event.preventDefault();
      setDragging(false);
      droppedFiles(event.dataTransfer).then(
        (files) => addFiles(state.known, files),
        (error: Error) =>
          dispatch({
            kind: 'problem',
            problem: `what was dropped cannot be read: ${error.message}`,
          }),
      );
    };
    const listeners = { dragover: over, dragleave: leave, drop };
    for (const [name, listener] of Object.entries(listeners))
      document.addEventListener(name, listener as EventListener);
    return () => {
      for (const [name, listener] of Object.entries(listeners))
        document.removeEventListener(name, listener as EventListener);
    };
  }, [state.known]);

  useEffect(() => {
    const link = `#${linkOf(state)}`;
    if (state.known !== undefined && link !== location.hash) history.replaceState(null, '', link);
  }, [state]);

  const shown = useMemo(() => reportsOf(state), [state.models, state.devices]);
  const reports = useMemo(() => shown.map(({ report }) => report), [shown]);
  const inDetail = modelInDetail(state);
  const work = workOf(state);
  const settled = useRef<readonly ViewedReport[]>([]);
  // While a slider moves, what is side by side stays.
  if (work === '') settled.current = reports;
  const showDetail = (event: MouseEvent): void => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    const [, index] = /^#report-(\d+)$/.exec(link?.getAttribute('href') ?? '') ?? [];
    const chosen = shown[Number(index)];
    if (chosen === undefined) return;
    event.preventDefault();
    dispatch({ kind: 'detail', detail: { model: chosen.model, device: chosen.device } });
    detail.current?.focus();
  };

  return (
    <div class={isDragging ? 'app dragging' : 'app'}>
      <header>
        <h1>nn-meter</h1>
        <p>How long a neural network takes on devices that you do not have.</p>
      </header>
      <main aria-busy={work !== ''}>
        <Intake
          isFirst={state.models.length === 0}
          isReady={state.known !== undefined}
          addFiles={(files) => addFiles(state.known, chosenFiles(files))}
          addNetwork={(name) => dispatch({ kind: 'add', name, origin: { kind: 'network', name } })}
          listNetworks={async () => (await client.ask('networks', {})) ?? []}
        />
        <p role="status" class="news">
          {work || readyText(reports.length)}
        </p>
        {state.problem !== undefined && (
          <p role="alert" class="warning">
            {state.problem}
          </p>
        )}
        {state.known !== undefined && (
          <DeviceChoice
            devices={state.known.devices}
            state={state}
            client={client}
            dispatch={dispatch}
          />
        )}
        {state.known !== undefined && (
          <MeasureBrowser state={state} client={client} dispatch={dispatch} />
        )}
        {state.models.length > 0 && <ModelList state={state} dispatch={dispatch} />}
        {state.measurements !== undefined && (
          <Calibration
            state={state}
            file={state.measurements}
            client={client}
            dispatch={dispatch}
          />
        )}
        {useMemo(
          () =>
            reports.length > 0 && (
              // biome-ignore lint/a11y/noStaticElementInteractions: the links in it are what is clicked
              // biome-ignore lint/a11y/useKeyWithClickEvents: a key on a link is a click
              <div onClick={showDetail}>
                <Overview reports={reports} />
              </div>
            ),
          [shown],
        )}
        {state.models.length > 0 && state.devices.length === 0 && <p>Choose a device.</p>}
        {inDetail !== undefined && state.devices.length > 0 && (
          <WhatIfView
            key={inDetail.id}
            model={inDetail}
            state={state}
            client={client}
            dispatch={dispatch}
          />
        )}
        {shown.length > 0 && (
          <DetailView shown={shown} state={state} dispatch={dispatch} focus={detail} />
        )}
        {settled.current.length > 1 && <Comparison reports={settled.current} />}
        {reports.length > 0 && <Downloads state={state} client={client} dispatch={dispatch} />}
      </main>
      <footer>
        <p>
          Nothing is uploaded: models are read and predicted here, in your browser. Latencies are
          predictions; memory is what has to be kept, without scratch memory and gaps.
        </p>
      </footer>
    </div>
  );
}

function readyText(reports: number): string {
  if (reports === 0) return '';
  return reports === 1 ? 'One report is ready' : `${reports} reports are ready`;
}

/** What whoever serves the page offers with it. */
async function readOffer(): Promise<Offer | null> {
  try {
    const offer = (await (await fetch('models.json')).json()) as Offer | null;
    if (offer === null) return null;
    const absolute = (file: OfferedFile): OfferedFile => ({
      ...file,
      url: new URL(file.url, document.baseURI).href,
    });
    const models = offer.models.map(({ name, files }) => ({ name, files: files.map(absolute) }));
    return { ...offer, models };
  } catch {
    return null;
  }
}
