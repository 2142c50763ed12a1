import type { Graph } from '@nnmeter/ir';

/** Something that measures models: a runtime in a process of its own, or a benchmark program. */
export interface Runner {
  /** `onnxruntime`, `tflite-adb`, or the name in the user's JSON file. */
  readonly name: string;
  /** Format of the model files it takes. */
  readonly format: 'onnx' | 'tflite';
  /** What is measured with; goes into the manifest of what is made of the measurements. @throws NnMeterError E_RUNNER */
  facts(signal?: AbortSignal): Promise<RunnerFacts>;
  /**
   * Measures one model. Calls are served one after another, so that none disturbs the other.
   * @throws NnMeterError E_RUNNER saying what failed, with which model, and what to do; E_MISSING_PACKAGE; the reason of
   * `options.signal` if that aborts
   */
  measure(model: RunnableModel, options: MeasureOptions): Promise<RunnerResult>;
  /** What the runtime runs as one, read from its own optimised graph; absent where it shows none. @throws as `measure` */
  fusedNodes?(model: RunnableModel, signal?: AbortSignal): Promise<readonly FusedNode[]>;
  /** Ends its processes and deletes its files. */
  close(): Promise<void>;
}

/** Plain JSON. */
export interface RunnerFacts {
  readonly runtime: string;
  readonly version?: string;
  readonly processor?: string;
  /** That the runtime runs in, which does not tell its processor. */
  readonly browser?: string;
  /** How many the processor runs at once. */
  readonly threads?: number;
  /** cpu, gpu or vpu, in any case: a build starts from a device of its kind. */
  readonly kind?: string;
  /** What `ms` of results is with one thread; with more it is wall time. */
  readonly time: 'cpu' | 'wall';
  readonly [fact: string]: string | number | undefined;
}

export interface RunnableModel {
  readonly id: string;
  /** The file, in the format of the runner; names of nodes and tensors in it are those of the graph. */
  bytes(): Uint8Array;
  readonly graph: Graph;
}

export interface MeasureOptions {
  readonly runs: number;
  /** Runs before those, which do not count. */
  readonly warmups: number;
  readonly threads: number;
  /** For all of it, from loading the model on; then its process is ended. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Whether to measure layers too, where the runtime can: it runs the model once more for that. */
  readonly layers: boolean;
}

export interface RunnerResult {
  /** The figure to train on, of one run: the minimum of processor time with one thread where known, else of wall time. */
  readonly ms: number;
  /** Of the same clock. */
  readonly medianMs: number;
  /** Minimum of wall time, where `ms` is processor time. */
  readonly wallMs?: number;
  /** How many were measured. */
  readonly runs: number;
  /** Absent where the runtime does not tell. */
  readonly layers?: readonly LayerTime[];
}

export interface LayerTime {
  /** The runtime's name of the layer. */
  readonly name: string;
  /** The runtime's name of what it does. */
  readonly op?: string;
  readonly ms: number;
  /** The nodes of the graph that it runs, where the runner knows from the optimised graph; else `name` tells. */
  readonly nodes?: readonly string[];
}

export interface FusedNode {
  /** The runtime's name of what it does: `Conv`, `FusedConv`. */
  readonly op: string;
  /** The nodes of the graph that it runs, in topological order. */
  readonly nodes: readonly string[];
}
