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
  /**
   * Extents of dimensions that the model names and leaves open: `{ batch: 4, sequence: 128 }`, or an error for a name that
   * it does not have. A shape given for an input says more.
   */
  readonly dimensions?: Readonly<Record<string, number>>;
  /**
   * Sizes to go on with where only data decide: `{ nonzero: 300 }`. The names and defaults are those of
   * {@link Assumptions}.
   */
  readonly assume?: Readonly<Record<string, number>>;
  /** Which of a model's signatures is read, where its format has several; default: the one for serving, or the only one. An error for other formats. */
  readonly signature?: string;
}
