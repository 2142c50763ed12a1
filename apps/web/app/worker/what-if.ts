import { type Graph, NnMeterError, type ReadOptions, type Shape, withChannels } from '@nnmeter/ir';
import { openVariable, type Variable, type VariableModel, variablesOf } from '@nnmeter/predictor';
import type { WhatIf } from '../protocol.ts';

/** What is varied by reading a model with other shapes, in this order. */
const BY_SHAPES = ['resolution', 'batch'];

/** A model with several changes at once; `at` makes one of them another. */
export interface VariedModel extends VariableModel {
  /** With the values of the model itself. */
  readonly variables: readonly Variable[];
}

/**
 * A model with changes, each applied to what those before it made of it. Variables that the model has not are passed over,
 * since another one on the page may have them.
 * @param source what `openVariable` takes
 */
export async function openVaried(
  source: unknown,
  type: string | undefined,
  options: ReadOptions,
  whatIf: WhatIf,
): Promise<VariedModel> {
  const open = (changes: ReadOptions) => openVariable(source, type, changes);
  const [own, reading] = await openByNames(open, options, whatIf);
  const variables = variablesOf(own.graph);

  async function graphOf(settings: WhatIf): Promise<Graph> {
    const isSet = ({ name }: Variable): boolean => settings[name] !== undefined;
    const { dimensions } = own.graph;
    const named = variables.filter(({ name }) => Object.hasOwn(dimensions, name)).filter(isSet);
    const sizes = named.map(({ name }): [string, number] => [name, settings[name]!]);
    let { graph } = own;
    let at = own;
    if (sizes.length > 0) {
      at = await open({
        ...reading,
        dimensions: { ...reading.dimensions, ...Object.fromEntries(sizes) },
      });
      graph = at.graph;
    }
    for (const [index, name] of BY_SHAPES.filter((each) =>
      variables.some((variable) => variable.name === each && isSet(variable)),
    ).entries()) {
      if (index > 0) at = await open({ ...options, inputShapes: shapesOf(graph) });
      graph = await at.at({ name, value: settings[name]! });
    }
    const { channels } = settings;
    return channels === undefined ? graph : withChannels(graph, channels);
  }

  return {
    type: own.type,
    variables,
    graph: await graphOf(whatIf),
    at: ({ name, value }) => graphOf({ ...whatIf, [name]: value }),
  };
}

type Open = (options: ReadOptions) => Promise<VariableModel>;

/**
 * A model without changes, and the options it is read with: by the dimensions that it names where they say as much as the
 * shapes that were given, so that each can be varied.
 */
async function openByNames(
  open: Open,
  { inputShapes, ...options }: ReadOptions,
  whatIf: WhatIf,
): Promise<readonly [VariableModel, ReadOptions]> {
  const given = inputShapes === undefined ? options : { ...options, inputShapes };
  const own = await open(given).catch((error: unknown) => openAt(open, given, whatIf, error));
  const { dimensions } = own.graph;
  if (Object.keys(dimensions).length === 0) return [own, given];
  const reading = { ...options, dimensions };
  const named = await open(reading).catch(() => own);
  const isSame = JSON.stringify(shapesOf(named.graph)) === JSON.stringify(shapesOf(own.graph));
  return isSame ? [named, reading] : [own, given];
}

/** A model that leaves dimensions open which the changes give. @throws what it failed with before */
async function openAt(
  open: Open,
  options: ReadOptions,
  { resolution: _r, batch: _b, channels: _c, ...dimensions }: WhatIf,
  error: unknown,
): Promise<VariableModel> {
  const isOpen = error instanceof NnMeterError && error.code === 'E_MISSING_DIMENSION';
  if (!isOpen || Object.keys(dimensions).length === 0) throw error;
  return open({ ...options, dimensions }).catch(() => {
    throw error;
  });
}

function shapesOf(graph: Graph): Readonly<Record<string, Shape>> {
  return Object.fromEntries(
    graph.inputs.flatMap((name): [string, Shape][] => {
      const { shape } = graph.tensor(name);
      return shape === undefined || shape.length === 0 ? [] : [[name, shape]];
    }),
  );
}
