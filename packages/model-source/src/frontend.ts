import type { Graph, ReadOptions } from '@nnmeter/ir';
import type { ModelSource } from './model-source.ts';

/**
 * What is known of a format before its code is loaded: what the package of a frontend says under "nnmeter" in its
 * package.json, beside the keyword `nnmeter-frontend`.
 */
export interface FormatFacts {
  /** The model type: what `predict(model, type)` and reports call it, e.g. `onnx`. */
  readonly format: string;
  /** What users call it, in the plural: `ONNX files`. */
  readonly title: string;
  /** Other model types that its names go by. */
  readonly aliases?: readonly string[];
  /** File suffixes looked for in folders, with the dot: `['.onnx']`. */
  readonly suffixes?: readonly string[];
  /**
   * A regular expression that the first bytes of every file match, one character a byte. Only tells which frontends have
   * to be loaded to recognise a file.
   */
  readonly head?: string;
  /** A file whose presence makes a folder a model of this format. */
  readonly folderFile?: string;
  /** Whether a file may hold several models, signatures, of which `ReadOptions.signature` names one. */
  readonly signatures?: boolean;
  /** Whether a file may name dimensions that it leaves open, for which `ReadOptions.dimensions` has extents. */
  readonly dimensions?: boolean;
  /** Whether models go by names, not files: a zoo. */
  readonly named?: boolean;
  /** The option of the command line that takes models of this format. */
  readonly option?: { readonly name: string; readonly description: string };
}

/** What a frontend package exports as `frontend`: the reader of one format. */
export interface Frontend extends FormatFacts {
  /**
   * How surely a file is of this format, by its content, never by its name. 0: it is not; 0.5: it looks like it; 1: it
   * has a signature that no other format has. The greatest of all frontends wins, so the more special of two
   * kinds of JSON says more.
   */
  matches(head: Uint8Array, source: ModelSource): number | Promise<number>;
  /** Reads a model; weights are not loaded. It is named after the file unless `options` name it. */
  read(source: ModelSource, options: ReadOptions): Graph | Promise<Graph>;
  /** As `matches`, for the format's own object in memory: a decoded protobuf, parsed JSON. */
  matchesObject?(object: object): number;
  /** Reads the format's own object. */
  fromObject?(object: object, options: ReadOptions): Graph;
  /** Reads a model that goes by a name. */
  fromName?(name: string, options: ReadOptions): Graph;
}
