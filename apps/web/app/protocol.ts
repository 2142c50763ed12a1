import type { Budget, BuiltPredictor, PluginFiles } from '@nnmeter/builder';
import type { AssumedSizes, ReadOptions, Shape } from '@nnmeter/ir';
import type { FormatFacts } from '@nnmeter/model-source';
import type { PredictorSummary, Setting, Variable } from '@nnmeter/predictor';
import type { FailureJson, Sweep } from '@nnmeter/report';
import type { ViewedFailure, ViewedReport } from '@nnmeter/report/views';
import type { OfferedFile } from '../src/offer.ts';

/** Where a model comes from. */
export type Origin =
  /** The model's file first, or the files of a folder; those that may lie beside it follow. */
  | { readonly kind: 'files'; readonly files: readonly (File | OfferedFile)[] }
  /** A torchvision network. */
  | { readonly kind: 'network'; readonly name: string };

/** A device, or one of the settings that it was measured in, as it can be chosen. */
export interface ListedDevice extends Omit<PredictorSummary, 'settings'> {
  /** What the page and its links call it: its name, and of all settings but the first which one. */
  readonly id: string;
  /** Undefined: there is no choice. */
  readonly setting?: ListedSetting;
  /** Share of networks of unseen families that are predicted within 10 %, of what was learned. */
  readonly within10?: number;
}

export interface ListedSetting extends Setting {
  /** In words. */
  readonly text: string;
}

/** How models are changed before they are predicted: sizes by the name of what varies. What is absent is as in the model. */
export type WhatIf = Readonly<Record<string, number>>;

export interface InputFacts {
  readonly name: string;
  /** Undefined: unknown. */
  readonly shape: Shape | undefined;
}

/** What is known of a model that was read. */
export interface ModelFacts {
  readonly type: string;
  readonly inputs: readonly InputFacts[];
  /** What may be varied, with its size in the model. */
  readonly variables: readonly Variable[];
  /** Names of those that are dimensions which the model names and leaves open. */
  readonly dimensions: readonly string[];
  /** Sizes in it that depend on data, and what they are taken to be. */
  readonly assumed: AssumedSizes;
  /** Names of its file's models, of which it is one. */
  readonly signatures: readonly string[];
  /** Which one. */
  readonly signature: string | undefined;
  readonly nodes: number;
}

/** A failure, and what could be given to go on. */
export interface Failure extends FailureJson {
  /** Inputs that need shapes, with examples. */
  readonly wanted?: Readonly<Record<string, Shape>>;
  /** Signatures of which one has to be chosen. */
  readonly signatures?: readonly string[];
}

/** What came of measurements for one device. */
export interface CalibrationFacts {
  /** Name of the file of measurements. */
  readonly file: string;
  readonly measurements: number;
  /** Root mean square relative errors, fractions of 1. */
  readonly rmspeBefore: number;
  readonly rmspeAfter: number;
}

/** A predictor of a browser, built on this page. */
export interface BuiltDevice {
  readonly definition: BuiltPredictor;
  /** What it is worth, in words by what they are about. */
  readonly outcome: Readonly<Record<string, string>>;
  /** In words, what a user should know. */
  readonly notes: readonly string[];
  readonly files: PluginFiles;
}

/** What of it the page shows. */
export interface BuiltFacts extends Pick<BuiltDevice, 'outcome' | 'notes'> {
  readonly name: string;
  readonly manifest: BuiltPredictor['manifest'];
}

/** Measurements that wait to be gone on with. */
export interface BegunBuild {
  readonly name: string;
  /** How many models are measured. */
  readonly models: number;
}

/** To the worker that builds a predictor of this browser. */
export interface BuildRequest {
  readonly name: string;
  readonly budget: Budget;
  /** Goes on with the measurements that wait. */
  readonly resume: boolean;
}

/** How far it is. */
export interface BuildProgress {
  /** In words. */
  readonly step: string;
  /** Of the step: how many models it may come to is not known before the time is over. */
  readonly done: number;
  readonly secondsLeft: number;
  /** Of the time that it takes, as far as it is known. */
  readonly share: number;
}

/** What that worker sends: progress, and in the end what was built or a failure. */
export type BuildResponse =
  | { readonly kind: 'progress'; readonly progress: BuildProgress }
  | { readonly kind: 'built'; readonly built: BuiltDevice }
  | { readonly kind: 'failure'; readonly failure: FailureJson };

export type DownloadKind = 'html' | 'json' | 'csv' | 'ir' | 'onnx';

/** A model, and what it is called where it is shown. */
export interface NamedModel {
  readonly model: number;
  readonly name: string;
}

/** What the worker does: parameters and result of each of its methods. */
export interface Methods {
  /** What there is to choose from. */
  start(_: Record<string, never>): {
    readonly devices: readonly ListedDevice[];
    readonly formats: readonly FormatFacts[];
    readonly built: readonly BuiltFacts[];
    readonly begun: BegunBuild | undefined;
  };
  networks(_: Record<string, never>): readonly string[];
  /** Reads a model, or the same one changed, in place of what had this id. */
  read(_: {
    readonly model: number;
    readonly name: string;
    readonly origin: Origin;
    readonly options: Pick<ReadOptions, 'inputShapes' | 'signature' | 'assume'>;
    readonly whatIf: WhatIf;
  }): ModelFacts;
  /** The kernels of the report come in parts, and are missing in the result. */
  predict(_: {
    readonly model: number;
    /** What the report calls it. */
    readonly name: string;
    /** Devices are named by their ids. */
    readonly device: string;
  }): ViewedReport;
  /** The points of the curve come in parts, and are missing in the result. */
  sweep(_: {
    readonly model: number;
    /** What the curve calls it. */
    readonly name: string;
    readonly variable: string;
    readonly range: readonly [number, number];
    readonly devices: readonly string[];
  }): Sweep;
  calibrate(_: {
    readonly csv: File;
    readonly device: string;
    /** The models that lines of the file may mean. */
    readonly models: readonly NamedModel[];
  }): CalibrationFacts;
  forgetCalibration(_: { readonly device: string }): Record<string, never>;
  download(_: {
    readonly kind: DownloadKind;
    readonly models: readonly NamedModel[];
    readonly devices: readonly string[];
    readonly failures: readonly ViewedFailure[];
  }): Blob;
  /** Makes what was built one of the devices, and keeps it. */
  keepBuilt(_: { readonly built: BuiltDevice }): {
    readonly device: ListedDevice;
    readonly facts: BuiltFacts;
  };
  forgetBuilt(_: { readonly name: string }): Record<string, never>;
  /** The files of the plugin as a zip, or one of them. */
  downloadBuilt(_: { readonly name: string; readonly file: 'plugin' | 'report.html' }): Blob;
  begun(_: Record<string, never>): BegunBuild | undefined;
  forget(_: { readonly model: number }): Record<string, never>;
}

export type Method = keyof Methods;
export type Parameters<M extends Method> = globalThis.Parameters<Methods[M]>[0];
export type Result<M extends Method> = ReturnType<Methods[M]>;

/** What a method sends before its result. */
export interface Parts {
  predict: ViewedReport['kernels'];
  sweep: Sweep['points'][number];
}
export type Part<M extends Method> = M extends keyof Parts ? Parts[M] : never;

/** A request to the worker. A newer one with the same `subject` takes the place of an older one that is not done. */
export type Request<M extends Method = Method> = {
  readonly [K in M]: {
    readonly id: number;
    readonly method: K;
    readonly parameters: Parameters<K>;
    readonly subject?: string;
  };
}[M];

/** What the worker sends: parts, then a result, a failure, or that a newer request took the place of this one. */
export type Response = { readonly id: number } & (
  | { readonly kind: 'part'; readonly part: unknown }
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'failure'; readonly failure: Failure }
  | { readonly kind: 'replaced' }
);
