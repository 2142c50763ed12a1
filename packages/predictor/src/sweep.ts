import {
  Graph,
  NnMeterError,
  quote,
  type ReadOptions,
  type Shape,
  withChannels,
  withInputShapes,
} from '@nnmeter/ir';
import { readModelContent, readModelFile, type TypedGraph } from './models.ts';
import { nearestName } from './nearest.ts';
import type { LatencyPredictor } from './predictor.ts';
import type { LatencyReport } from './report.ts';

/** Something of a model that can be varied, and what it is. */
export interface Variable {
  /**
   * `resolution`: the shorter side of its images; `batch`; `channels`: the width multiplier, see `withChannels` of
   * `@nnmeter/ir`; else a dimension that the model names and leaves open.
   */
  readonly name: string;
  readonly value: number;
}

/** A model that can be had with other values of its variables. */
export interface VariableModel {
  /** Its format. */
  readonly type: string;
  /** As it is without a change. */
  readonly graph: Graph;
  /**
   * The model with another value of a variable.
   * @throws NnMeterError E_INVALID_INPUT if it has no such variable or value, else what its reader says where the model
   * cannot be so
   */
  at(variable: Variable): Promise<Graph>;
}

/** One that {@link openVariable} opened. */
export interface OpenedModel extends VariableModel {
  /**
   * What it is read with: of given shapes the dimensions that it names, where these say as much, so that each can be
   * varied.
   */
  readonly reading: ReadOptions;
}

/** One value of a variable: the reports of the predictors in their order, or why there are none. */
export type SweepPoint =
  | { readonly value: number; readonly reports: readonly LatencyReport[] }
  | { readonly value: number; readonly error: NnMeterError };

/** Values that a range has at most unless its step is given. */
const MOST_VALUES = 32;
/** Values that a range may have. */
const VALUES_LIMIT = 1000;

/**
 * Opens a model to vary it: what `modelToGraph` takes, or the path of a file. For every value of a variable it is read
 * again by its own reader, so that shapes which the model computes are computed anew and those it fixes are errors; only
 * graphs are inferred anew and channels scaled as they are. Files must stay until then.
 * @param first values of variables: those of dimensions that it names are taken if it cannot be read without
 * @throws NnMeterError as `readModelFile` and `readModelContent`
 */
export async function openVariable(
  model: unknown,
  type?: string,
  options: ReadOptions = {},
  first: Readonly<Record<string, number>> = {},
): Promise<OpenedModel> {
  const read: Read = (changed) => readVariable(model, type, changed);
  const [{ type: format, graph }, given] = await readOpen(read, options, first);
  const reading = await byNames(read, given, graph);
  return {
    type: format,
    graph,
    reading,
    async at(variable) {
      requireVariable(graph, variable);
      const { name, value } = variable;
      if (name === 'channels') return withChannels(graph, value);
      const shapesAt = SHAPES_AT.get(name);
      if (shapesAt === undefined) {
        const dimensions = { ...reading.dimensions, [name]: value };
        return (await read({ ...reading, dimensions })).graph;
      }
      // Shapes of all inputs say what dimensions of theirs do, and would contradict those of before.
      const shapes = { inputShapes: shapesAt(graph, value), dimensions: {} };
      const { graph: changed } = await read({ ...options, ...shapes });
      requireBatch(graph, changed);
      return changed;
    },
  };
}

type Read = (options: ReadOptions) => Promise<TypedGraph>;

/** A model, and what it is read with. @throws what it fails with without the dimensions, if it fails with them too */
async function readOpen(
  read: Read,
  options: ReadOptions,
  first: Readonly<Record<string, number>>,
): Promise<readonly [TypedGraph, ReadOptions]> {
  try {
    return [await read(options), options];
  } catch (error) {
    const isOpen = error instanceof NnMeterError && error.code === 'E_MISSING_DIMENSION';
    const open = Object.entries(first).filter(([name]) => !isBuiltIn(name));
    if (!isOpen || open.length === 0) throw error;
    for (const [name, value] of open) requireValue({ name, value });
    const given = {
      ...options,
      dimensions: { ...options.dimensions, ...Object.fromEntries(open) },
    };
    const opened = await read(given).catch(() => {
      throw error;
    });
    return [opened, given];
  }
}

/** See {@link OpenedModel.reading}. */
async function byNames(read: Read, given: ReadOptions, graph: Graph): Promise<ReadOptions> {
  const { inputShapes, ...others } = given;
  const { dimensions } = graph;
  if (inputShapes === undefined || Object.keys(dimensions).length === 0) return given;
  const reading = { ...others, dimensions };
  const named = await read(reading).catch(() => undefined);
  const shapesOf = (of: Graph): string =>
    JSON.stringify(of.inputs.map((name) => of.tensor(name).shape));
  return named !== undefined && shapesOf(named.graph) === shapesOf(graph) ? reading : given;
}

async function readVariable(
  model: unknown,
  type: string | undefined,
  options: ReadOptions,
): Promise<TypedGraph> {
  if (typeof model === 'string') return readModelFile(model, type, options);
  if (!(model instanceof Graph)) return readModelContent(model, type, options);
  const { inputShapes } = options;
  const graph = inputShapes === undefined ? model : withInputShapes(model, inputShapes);
  return { type: 'graph', graph };
}

/** What can be varied of a model, with its own values; for named dimensions those that it was read with. */
export function variablesOf(graph: Graph): readonly Variable[] {
  const side = imageSide(graph);
  const batch = batchOf(graph);
  const builtIn: readonly Variable[] = [
    ...(side === undefined ? [] : [{ name: 'resolution', value: side }]),
    ...(batch === undefined ? [] : [{ name: 'batch', value: batch }]),
    { name: 'channels', value: 1 },
  ];
  const dimensions = Object.entries(graph.dimensions)
    .map(([name, value]) => ({ name, value }))
    .filter(({ name }) => !isBuiltIn(name));
  return [...builtIn, ...dimensions];
}

/**
 * Values from the first to the last, both included: by a step, or 32 that lie evenly. All but those of `channels` are whole.
 * @throws NnMeterError E_INVALID_INPUT if they are no numbers above 0 in their order, or more than 1,000
 */
export function sweepValues(
  variable: string,
  from: number,
  to: number,
  step?: number,
): readonly number[] {
  const isShare = variable === 'channels';
  const isRange = from > 0 && to >= from && Number.isFinite(to) && (step === undefined || step > 0);
  const isWhole = [from, to, step ?? 1].every(Number.isInteger);
  if (!isRange || !(isShare || isWhole)) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `${from} to ${to}${step === undefined ? '' : ` in steps of ${step}`} is no range of ${isShare ? '' : 'whole '}numbers above 0`,
    );
  }
  const count =
    step === undefined
      ? isShare || to - from >= MOST_VALUES
        ? MOST_VALUES
        : to - from + 1
      : Math.floor((to - from) / step + ROUNDING) + 1;
  if (count > VALUES_LIMIT) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `${from} to ${to} in steps of ${step} are ${count} values; ${VALUES_LIMIT} are the most`,
    );
  }
  const distance = step ?? (count === 1 ? 0 : (to - from) / (count - 1));
  const values = Array.from({ length: count }, (_, index) => {
    const value = from + index * distance;
    return isShare ? Number(value.toFixed(6)) : Math.round(value);
  });
  return [...new Set(values)];
}

/**
 * The latency of a model over the values of a variable, each as soon as it is known. What a model cannot be is an error
 * beside the other values.
 * @throws NnMeterError E_INVALID_INPUT if the model has no such variable, or a value is none
 */
export async function* sweep(
  model: VariableModel,
  variable: string,
  values: readonly number[],
  predictors: readonly LatencyPredictor[],
): AsyncGenerator<SweepPoint> {
  for (const value of values) requireVariable(model.graph, { name: variable, value });
  for (const value of values) yield predictAt(model, { name: variable, value }, predictors);
}

async function predictAt(
  model: VariableModel,
  variable: Variable,
  predictors: readonly LatencyPredictor[],
): Promise<SweepPoint> {
  const { value } = variable;
  try {
    const graph = await model.at(variable);
    return { value, reports: predictors.map((predictor) => predictor.predictGraph(graph)) };
  } catch (error) {
    if (error instanceof NnMeterError) return { value, error };
    throw error;
  }
}

type InputShapes = Readonly<Record<string, Shape>>;

/** Variables that are extents of inputs. */
const SHAPES_AT: ReadonlyMap<string, (graph: Graph, value: number) => InputShapes> = new Map([
  ['resolution', imageShapes],
  ['batch', batchShapes],
]);
/** What a step may miss the end of a range by. */
const ROUNDING = 1e-9;

function isBuiltIn(name: string): boolean {
  return name === 'channels' || SHAPES_AT.has(name);
}

function requireVariable(graph: Graph, { name, value }: Variable): void {
  const known = variablesOf(graph).map((variable) => variable.name);
  if (!known.includes(name)) {
    const near = nearestName(name, known);
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `the model ${quote(graph.name)} has no ${quote(name)} to vary, but ${known.join(', ')}`,
      near === undefined ? {} : { hint: `did you mean "${near}"?` },
    );
  }
  requireValue({ name, value });
}

function requireValue({ name, value }: Variable): void {
  if (value > 0 && (name === 'channels' || Number.isSafeInteger(value))) return;
  throw new NnMeterError(
    'E_INVALID_INPUT',
    `${value} is no value for ${name}, which takes ${name === 'channels' ? 'numbers' : 'whole numbers'} above 0`,
  );
}

/** Shapes of all inputs that have axes, with some extents changed. */
function shapesWith(graph: Graph, change: (shape: Shape, letters: string) => Shape): InputShapes {
  const shapes: [string, Shape][] = [];
  for (const name of graph.inputs) {
    const { shape, layout = '' } = graph.tensor(name);
    if (shape !== undefined && shape.length > 0) shapes.push([name, change(shape, layout)]);
  }
  return Object.fromEntries(shapes);
}

/** The shorter side of the first image among the inputs. */
function imageSide(graph: Graph): number | undefined {
  for (const name of graph.inputs) {
    const { shape, layout } = graph.tensor(name);
    if (shape === undefined || !layout?.includes('H')) continue;
    return Math.min(shape[layout.indexOf('H')]!, shape[layout.indexOf('W')]!);
  }
  return undefined;
}

function imageShapes(graph: Graph, value: number): InputShapes {
  const scale = value / imageSide(graph)!;
  return shapesWith(graph, (shape, letters) =>
    shape.map((extent, axis) =>
      letters.includes('H') && 'HW'.includes(letters[axis]!)
        ? Math.max(1, Math.round(extent * scale))
        : extent,
    ),
  );
}

/** The first extent of the first input that has any. */
function batchOf(graph: Graph): number | undefined {
  return graph.inputs.map((name) => graph.tensor(name).shape?.[0]).find((first) => first);
}

function batchShapes(graph: Graph, value: number): InputShapes {
  const before = batchOf(graph);
  return shapesWith(graph, (shape) => (shape[0] === before ? shape.with(0, value) : shape));
}

/** @throws NnMeterError E_SHAPE if a reshape took a part of the image for a batch, or the batch for a part of the image */
function requireBatch(before: Graph, after: Graph): void {
  const [batch, expected] = [batchOf(before), batchOf(after)];
  for (const name of before.outputs) {
    if (before.tensor(name).shape?.[0] !== batch) continue;
    const shape = after.findTensor(name)?.shape;
    if (shape === undefined || shape[0] === expected) continue;
    throw new NnMeterError(
      'E_SHAPE',
      `the output ${quote(name)} would be [${shape.join(', ')}] for a batch of ${expected}: the model has reshapes for the shape of its input`,
    );
  }
}
