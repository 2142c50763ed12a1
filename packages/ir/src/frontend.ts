import type { Graph } from './graph.ts';
import type { Shape } from './tensor.ts';

/** Options every frontend takes. */
export interface ReadOptions {
  /** Name of the graph in reports; default: the model's own, or the file's. */
  readonly name?: string;
  /**
   * Shapes of the model's inputs, in the model's own axis order: by input name, or one shape for the only input.
   * Overrides what the file says and settles symbolic dimensions.
   */
  readonly inputShapes?: Readonly<Record<string, Shape>> | Shape;
}

/** The kinds of model the tools know, by nn-Meter's names. */
export type ModelType = 'onnx' | 'pb' | 'torch' | 'nnmeter-ir' | 'nni-ir';

/** What a frontend package exports as `frontend`, so that tools can find a reader for a model. */
export interface Frontend {
  readonly modelType: ModelType;
  /** File suffixes looked for in folders, with the dot: `['.onnx']`. */
  readonly suffixes: readonly string[];
  /** Whether the first bytes of a file look like this format; `head` holds up to 64 KiB. */
  matches(head: Uint8Array): boolean;
  /** Reads a model from bytes or from the format's in-memory object (ModelProto, parsed JSON, a name). */
  toGraph(model: unknown, options?: ReadOptions): Graph;
  /** Reads a model from a path; needs Node. Weights are not loaded. */
  fileToGraph(path: string, options?: ReadOptions): Promise<Graph>;
}
