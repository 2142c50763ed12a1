import type { Graph } from '@nnmeter/ir';

/** What models were measured with; plain JSON, goes into the manifest. */
export interface RunnerFacts {
  readonly runtime: string;
  readonly version: string;
  readonly processor: string;
  readonly threads: number;
  readonly clock: 'cpu' | 'wall';
}

export interface RunnableModel {
  readonly id: string;
  /** The file of the model, made when it is needed; node names in it are the graph's. */
  bytes(): Uint8Array;
  readonly graph: Graph;
}

export interface MeasureOptions {
  readonly runs: number;
  readonly warmups: number;
  readonly threads: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly layers: boolean;
}

export interface LayerTime {
  readonly name: string;
  readonly op?: string;
  readonly ms: number;
}

export interface RunnerResult {
  readonly ms: number;
  readonly medianMs: number;
  readonly wallMs?: number;
  readonly runs: number;
  readonly layers?: readonly LayerTime[];
}

export interface FusedNode {
  readonly op: string;
  readonly nodes: readonly string[];
}

export interface Runner {
  readonly name: string;
  readonly format: 'onnx' | 'tflite';
  facts(signal?: AbortSignal): Promise<RunnerFacts>;
  measure(model: RunnableModel, options: MeasureOptions): Promise<RunnerResult>;
  fusedNodes?(model: RunnableModel, signal?: AbortSignal): Promise<readonly FusedNode[]>;
  close(): Promise<void>;
}
