import { NnMeterError } from '@nnmeter/ir';
import { sweep, sweepValues, withAdvice } from '@nnmeter/predictor';
import { failureToJson, sweepOf } from '@nnmeter/report';
import { reportViewer } from '@nnmeter/report/views';
import type { Failure, Method, Parameters, Part, Request, Response, Result } from '../protocol.ts';
import { begunBuild, downloadBuilt, forgetBuilt, keepBuilt, readKept } from './built.ts';
import { calibrate } from './calibrate.ts';
import { calibrateDevice, listDevices, loadDevice } from './devices.ts';
import { makeDownload } from './downloads.ts';
import { formatFacts, loadNetworks, registerFormats } from './formats.ts';
import { forgetModel, modelOf, readModel } from './models.ts';
import { WORDS } from './words.ts';

/** Reads and predicts, one request after the other, so that the page never waits. */

/** Kernels of a report that the page takes over at a time: it unpacks as many within a frame. */
const KERNELS_AT_ONCE = 2000;

/** What a method may do while it works. */
interface Progress<M extends Method> {
  send(part: Part<M>): void;
  /** Has what is quick done first. @returns whether a newer request took the place of this one */
  giveWay(): Promise<boolean>;
}

type Handlers = {
  readonly [M in Method]: (
    parameters: Parameters<M>,
    progress: Progress<M>,
  ) => Promise<Result<M>> | Result<M>;
};

registerFormats();
const viewReport = reportViewer();

const HANDLERS: Handlers = {
  async start() {
    const kept = await readKept();
    return { devices: await listDevices(), formats: formatFacts, ...kept };
  },
  networks: async () => (await loadNetworks()).modelNames(),
  read: (parameters) => readModel(parameters),
  async predict({ model, name, device }, { send }) {
    const { graph } = modelOf(model);
    const predictor = await loadDevice(device);
    const report = { ...predictor.predictGraph(graph), model: name };
    const { kernels, ...viewed } = viewReport(withAdvice(graph, report, predictor));
    for (let at = 0; at < kernels.length; at += KERNELS_AT_ONCE)
      send(kernels.slice(at, at + KERNELS_AT_ONCE));
    return { ...viewed, kernels: [] };
  },
  async sweep({ model, name, variable, range, devices }, { send, giveWay }) {
    const curve = { model: name, type: modelOf(model).type, variable };
    const predictors = await Promise.all(devices.map(loadDevice));
    const points = sweep(modelOf(model), variable, sweepValues(variable, ...range), predictors);
    for await (const point of points) {
      send(sweepOf(curve, [point], (error) => failureToJson(error, WORDS)).points[0]!);
      if (await giveWay()) break;
    }
    return { ...curve, points: [] };
  },
  calibrate,
  forgetCalibration({ device }) {
    calibrateDevice(device, undefined);
    return {};
  },
  download: makeDownload,
  keepBuilt,
  forgetBuilt,
  downloadBuilt,
  begun: begunBuild,
  forget({ model }) {
    forgetModel(model);
    return {};
  },
};

let waiting: readonly Request[] = [];
let isWorking = false;

self.addEventListener('message', ({ data }: MessageEvent<Request>) => {
  const isOlder = ({ subject }: Request): boolean =>
    subject !== undefined && subject === data.subject;
  for (const { id } of waiting.filter(isOlder)) respond({ id, kind: 'replaced' });
  waiting = [...waiting.filter((each) => !isOlder(each)), data];
  if (!isWorking) void work();
});

async function work(): Promise<void> {
  isWorking = true;
  await answerAll(() => true);
  isWorking = false;
}

/** Answers those that wait, and those that come meanwhile; curves, of which each point takes time, after all others. */
async function answerAll(isMeant: (request: Request) => boolean): Promise<void> {
  for (;;) {
    const meant = waiting.filter(isMeant);
    const next = meant.find(isQuick) ?? meant[0];
    if (next === undefined) return;
    waiting = waiting.filter((each) => each !== next);
    await answer(next);
  }
}

function isQuick({ method }: Request): boolean {
  return method !== 'sweep';
}

async function answer<M extends Method>(request: Request<M>): Promise<void> {
  const { id, method, parameters, subject } = request;
  const isReplaced = (): boolean =>
    subject !== undefined && waiting.some((each) => each.subject === subject);
  const progress: Progress<M> = {
    send: (part) => respond({ id, kind: 'part', part }),
    async giveWay() {
      await nextMessage();
      await answerAll(isQuick);
      return isReplaced();
    },
  };
  try {
    const handle = HANDLERS[method] as Handlers[M];
    const result = await handle(parameters as Parameters<M>, progress);
    respond(isReplaced() ? { id, kind: 'replaced' } : { id, kind: 'result', result });
  } catch (error) {
    respond({ id, kind: 'failure', failure: failureOf(error) });
  }
}

function respond(response: Response): void {
  self.postMessage(response);
}

/** Resolves after the messages that have arrived. */
function nextMessage(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

function failureOf(error: unknown): Failure {
  const { inputShapes, signatures } = (error instanceof NnMeterError && error.hint) || {};
  return {
    ...failureToJson(recognise(error), WORDS),
    ...(inputShapes && { wanted: inputShapes }),
    ...(signatures && { signatures }),
  };
}

/** What browsers throw, as an NnMeterError if its reason is known. */
function recognise(error: unknown): unknown {
  const isImport = error instanceof TypeError && /import|fetch/i.test(error.message);
  if (!isImport) return error;
  return new NnMeterError('E_MISSING_PACKAGE', 'a part of this page cannot be loaded', {
    hint: 'check the network and try again',
    cause: error,
  });
}
