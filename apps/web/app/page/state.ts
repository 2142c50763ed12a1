import type { AssumedSize, AssumedSizes, Shape } from '@nnmeter/ir';
import type { FormatFacts } from '@nnmeter/model-source';
import type { ViewedReport } from '@nnmeter/report/views';
import type {
  BegunBuild,
  BuildProgress,
  BuiltFacts,
  CalibrationFacts,
  Failure,
  ListedDevice,
  ModelFacts,
  Origin,
  Parameters,
  WhatIf,
} from '../protocol.ts';

/** All that the page shows; a plain object that only {@link reduce} makes new. */
export interface State {
  /** Undefined until the worker has told. */
  readonly known: Known | undefined;
  /** Ids of the devices that are shown, in their order. */
  readonly devices: readonly string[];
  readonly models: readonly Model[];
  /** The id that the next model gets. */
  readonly nextModel: number;
  readonly whatIf: WhatIf;
  /** What sizes are taken to be that depend on data; what is absent is as the readers take it. */
  readonly assume: AssumedSizes;
  /** By which files are read that have one of them. */
  readonly signatures: readonly string[];
  /** That the link gives to inputs of these names, until other ones are given by hand. */
  readonly shapes: InputShapes;
  /** What is seen in detail; what is not there any more means the first. */
  readonly detail: { readonly model: number | undefined; readonly device: string | undefined };
  /** Measurements that were dropped, until it is said of which device. */
  readonly measurements: File | undefined;
  readonly calibrations: Readonly<Record<string, CalibrationFacts>>;
  /** Devices that were measured on this page. */
  readonly built: readonly BuiltFacts[];
  readonly build: BuildState;
  /** What went wrong that belongs to no model. */
  readonly problem: string | undefined;
}

export type InputShapes = Readonly<Record<string, Shape>>;

/** The measuring of this browser. */
export interface BuildState {
  /** What was measured, and may be gone on with. */
  readonly begun: BegunBuild | undefined;
  /** Undefined unless it is under way. */
  readonly progress: BuildProgress | undefined;
  /** Why the last one ended. */
  readonly failure: Failure | undefined;
}

export interface Known {
  readonly devices: readonly ListedDevice[];
  readonly formats: readonly FormatFacts[];
}

export interface Model {
  readonly id: number;
  readonly name: string;
  readonly origin: Origin;
  /** Shapes that were given by hand. */
  readonly inputShapes: InputShapes | undefined;
  /** The signatures of its file, as far as they are known. */
  readonly signatures: readonly string[];
  /** Counts the changes of what is to be read; what has another number is out of date. */
  readonly revision: number;
  /** Of an older revision while the newer is being read. */
  readonly read: { readonly revision: number; readonly facts: ModelFacts } | undefined;
  /** Why it could not be read as it is now. */
  readonly failure: Failure | undefined;
  /** By the id of the device. */
  readonly predictions: Readonly<Record<string, Prediction>>;
}

/** What a device says of a model, and of which revision of it. */
export type Prediction = { readonly revision: number } & (
  | { readonly report: ViewedReport }
  | { readonly failure: Failure }
);

export type Action =
  | {
      readonly kind: 'known';
      readonly known: Known;
      readonly built: readonly BuiltFacts[];
      readonly begun: BegunBuild | undefined;
      readonly devices: readonly string[] | undefined;
    }
  | { readonly kind: 'add'; readonly name: string; readonly origin: Origin }
  | { readonly kind: 'remove'; readonly model: number }
  | {
      readonly kind: 'read';
      readonly model: number;
      readonly revision: number;
      readonly facts: ModelFacts;
    }
  | {
      readonly kind: 'unread';
      readonly model: number;
      readonly revision: number;
      readonly failure: Failure;
    }
  | {
      readonly kind: 'predicted';
      readonly model: number;
      readonly device: string;
      readonly prediction: Prediction;
    }
  | { readonly kind: 'choose'; readonly device: string; readonly chosen: boolean }
  | { readonly kind: 'shape'; readonly model: number; readonly inputShapes: Model['inputShapes'] }
  | { readonly kind: 'vary'; readonly name: string; readonly value: number | undefined }
  | { readonly kind: 'unvary' }
  | { readonly kind: 'assume'; readonly name: AssumedSize; readonly size: number | undefined }
  | { readonly kind: 'sign'; readonly model: number; readonly signature: string }
  | { readonly kind: 'detail'; readonly detail: Partial<State['detail']> }
  | { readonly kind: 'measured'; readonly file: File | undefined }
  | {
      readonly kind: 'calibrated';
      readonly device: string;
      readonly facts: CalibrationFacts | undefined;
    }
  | { readonly kind: 'build'; readonly build: Partial<BuildState> }
  | { readonly kind: 'built'; readonly device: ListedDevice; readonly facts: BuiltFacts }
  | { readonly kind: 'unbuilt'; readonly name: string }
  | { readonly kind: 'problem'; readonly problem: string | undefined };

export const INITIAL: State = {
  known: undefined,
  devices: [],
  models: [],
  nextModel: 0,
  whatIf: {},
  assume: {},
  signatures: [],
  shapes: {},
  detail: { model: undefined, device: undefined },
  measurements: undefined,
  calibrations: {},
  built: [],
  build: { begun: undefined, progress: undefined, failure: undefined },
  problem: undefined,
};

export function reduce(state: State, action: Action): State {
  switch (action.kind) {
    case 'known': {
      const { known, built, begun } = action;
      const ids = idsOf(known);
      const wanted = action.devices?.filter((id) => ids.includes(id)) ?? [];
      const devices =
        wanted.length > 0
          ? wanted
          : known.devices.filter(({ status }) => status !== 'experimental').map(({ id }) => id);
      return {
        ...state,
        known,
        built,
        build: { ...state.build, begun },
        devices: ids.filter((id) => devices.includes(id)),
      };
    }
    case 'add': {
      const { name, origin } = action;
      const model: Model = {
        ...{ id: state.nextModel, name, origin, revision: 0 },
        ...{ inputShapes: undefined, signatures: [] },
        ...{ read: undefined, failure: undefined, predictions: {} },
      };
      return {
        ...state,
        models: [...state.models, model],
        nextModel: state.nextModel + 1,
        problem: undefined,
      };
    }
    case 'remove':
      return { ...state, models: state.models.filter(({ id }) => id !== action.model) };
    case 'read':
      return changeModel(state, action, (model) => {
        const { revision, facts } = action;
        const changed = { ...model, signatures: facts.signatures, failure: undefined };
        const inputs = model.read === undefined ? facts.inputs.map(({ name }) => name) : [];
        return asChosen(state, model, { ...changed, read: { revision, facts } }, inputs);
      });
    case 'unread':
      return changeModel(state, action, (model) => {
        const { failure } = action;
        const { signatures = model.signatures, wanted = {} } = failure;
        return asChosen(state, model, { ...model, signatures, failure }, Object.keys(wanted));
      });
    case 'predicted': {
      const { device, prediction } = action;
      return changeModel(state, { ...action, revision: prediction.revision }, (model) => ({
        ...model,
        predictions: { ...model.predictions, [device]: prediction },
      }));
    }
    case 'choose': {
      const chosen = new Set(state.devices);
      if (action.chosen) chosen.add(action.device);
      else chosen.delete(action.device);
      return { ...state, devices: idsOf(state.known).filter((id) => chosen.has(id)) };
    }
    case 'shape': {
      const { model: id, inputShapes } = action;
      const at = state.models.findIndex((model) => model.id === id);
      const model = state.models[at]!;
      const before = Object.keys(model.inputShapes ?? {});
      return {
        ...state,
        shapes: before.reduce((shapes, name) => withEntry(shapes, name, undefined), state.shapes),
        models: state.models.with(at, renewed({ ...model, inputShapes })),
      };
    }
    case 'vary': {
      const whatIf = withEntry(state.whatIf, action.name, action.value);
      return { ...state, whatIf, models: state.models.map(renewed) };
    }
    case 'unvary':
      return { ...state, whatIf: {}, models: state.models.map(renewed) };
    case 'assume': {
      const assume = withEntry(state.assume, action.name, action.size);
      return { ...state, assume, models: state.models.map(renewed) };
    }
    case 'sign': {
      const { signatures: own } = state.models.find(({ id }) => id === action.model)!;
      const others = state.signatures.filter((name) => !own.includes(name));
      const signatures = [...others, action.signature];
      return { ...state, signatures, models: state.models.map(renewed) };
    }
    case 'detail':
      return { ...state, detail: { ...state.detail, ...action.detail } };
    case 'measured':
      return { ...state, measurements: action.file, problem: undefined };
    case 'calibrated': {
      const calibrations = withEntry(state.calibrations, action.device, action.facts);
      const models = withoutPredictions(state.models, action.device);
      return { ...state, calibrations, models, measurements: undefined, problem: undefined };
    }
    case 'build':
      return { ...state, build: { ...state.build, ...action.build } };
    case 'built': {
      const { device, facts } = action;
      const rest = withoutBuilt(state, device.name);
      return {
        ...rest,
        known: rest.known && { ...rest.known, devices: [...rest.known.devices, device] },
        devices: [...rest.devices, device.id],
        built: [...rest.built, facts],
        build: INITIAL.build,
      };
    }
    case 'unbuilt':
      return withoutBuilt(state, action.name);
    case 'problem':
      return { ...state, problem: action.problem };
  }
}

function withoutBuilt(state: State, name: string): State {
  const { known, devices, built, models } = state;
  return {
    ...state,
    known: known && { ...known, devices: known.devices.filter((each) => each.name !== name) },
    devices: devices.filter((each) => each !== name),
    built: built.filter((each) => each.name !== name),
    calibrations: withEntry(state.calibrations, name, undefined),
    models: withoutPredictions(models, name),
  };
}

/** Has a device predict all models anew. */
function withoutPredictions(models: readonly Model[], device: string): readonly Model[] {
  return models.map((model) => ({
    ...model,
    predictions: withEntry(model.predictions, device, undefined),
  }));
}

/** A record with another value; undefined: without it. */
function withEntry<R extends Readonly<Record<string, unknown>>, K extends keyof R & string>(
  record: R,
  key: K,
  value: R[K] | undefined,
): R {
  const { [key]: _, ...others } = record;
  return (value === undefined ? others : { ...others, [key]: value }) as R;
}

function idsOf(known: Known | undefined): readonly string[] {
  return known?.devices.map(({ id }) => id) ?? [];
}

/** Which of its file's signatures a model is read by; undefined: by that which the reader takes. */
export function signatureOf(
  { signatures }: Pick<State, 'signatures'>,
  model: Pick<Model, 'signatures'>,
): string | undefined {
  return model.signatures.find((name) => signatures.includes(name));
}

/**
 * A model of which more is known than before. If it should have been read by another signature, or the link has shapes for
 * these inputs of it, it is read again.
 */
function asChosen(state: State, before: Model, model: Model, inputs: readonly string[]): Model {
  const { inputShapes = {} } = model;
  const linked = inputs
    .filter((name) => Object.hasOwn(state.shapes, name) && !Object.hasOwn(inputShapes, name))
    .map((name) => [name, state.shapes[name]!] as const);
  if (linked.length > 0)
    return renewed({ ...model, inputShapes: { ...inputShapes, ...Object.fromEntries(linked) } });
  return signatureOf(state, before) === signatureOf(state, model) ? model : renewed(model);
}

/** Has a model read again. */
function renewed(model: Model): Model {
  return { ...model, revision: model.revision + 1, failure: undefined };
}

/** Changes a model, unless it has become another one meanwhile. */
function changeModel(
  state: State,
  { model: id, revision }: { readonly model: number; readonly revision: number },
  change: (model: Model) => Model,
): State {
  const at = state.models.findIndex((model) => model.id === id && model.revision === revision);
  if (at < 0) return state;
  return { ...state, models: state.models.with(at, change(state.models[at]!)) };
}

/** A report and what it is about. */
export interface ShownReport {
  readonly model: number;
  readonly device: string;
  readonly report: ViewedReport;
}

/** The reports to be shown, of the chosen devices, model by model; those of before while a model is read anew. */
export function reportsOf({ models, devices }: State): readonly ShownReport[] {
  return models.flatMap(({ id, failure, predictions }) =>
    devices.flatMap((device) => {
      const prediction = predictions[device];
      if (failure !== undefined || prediction === undefined || 'failure' in prediction) return [];
      return [{ model: id, device, report: prediction.report }];
    }),
  );
}

/** The model that is seen in detail: the chosen one, or the first. */
export function modelInDetail({ models, detail }: State): Model | undefined {
  const read = models.filter((model) => model.read !== undefined);
  return read.find(({ id }) => id === detail.model) ?? read[0];
}

/** What the page is at, in words; empty if it is ready. */
export function workOf({ models, devices }: State): string {
  const working = models.filter(({ failure }) => failure === undefined);
  const unread = working.find(({ read, revision }) => read?.revision !== revision);
  if (unread !== undefined) return `Reading ${unread.name} …`;
  const wanted = working.length * devices.length;
  const done = working
    .flatMap(({ predictions, revision }) =>
      devices.map((device) => predictions[device]?.revision === revision),
    )
    .filter(Boolean).length;
  return done === wanted ? '' : `Predicting: ${done} of ${wanted} are ready …`;
}

/** What went wrong with a model as it is now, each thing once. */
export function failuresOfModel(
  { failure, predictions }: Model,
  devices: readonly string[],
): readonly Failure[] {
  if (failure !== undefined) return [failure];
  const byMessage = new Map<string, Failure>();
  for (const device of devices) {
    const prediction = predictions[device];
    if (prediction !== undefined && 'failure' in prediction)
      byMessage.set(prediction.failure.message, prediction.failure);
  }
  return [...byMessage.values()];
}

/** What went wrong, model by model. */
export function failuresOf({ models, devices }: State): Parameters<'download'>['failures'] {
  return models.flatMap((model) =>
    failuresOfModel(model, devices).map(({ message }) => ({ model: model.name, message })),
  );
}
