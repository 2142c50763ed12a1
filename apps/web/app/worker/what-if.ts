import { type Graph, type ReadOptions, type Shape, withChannels } from '@nnmeter/ir';
import { openVariable, type Variable, type VariableModel, variablesOf } from '@nnmeter/predictor';
import type { WhatIf } from '../protocol.ts';

/** A model with several changes at once; `at` makes one of them another. */
export interface VariedModel extends VariableModel {
  /** With the values of the model itself. */
  readonly variables: readonly Variable[];
  /** Names of those that are dimensions which the model names. */
  readonly dimensions: readonly string[];
}

/**
 * A model with changes: the dimensions that it names at once, then the others, each of what those before it made of it, the
 * width at last.
 * Variables that the model has not are passed over, since another one on the page may have them.
 * @param source what `openVariable` takes
 */
export async function openVaried(
  source: unknown,
  type: string | undefined,
  options: ReadOptions,
  whatIf: WhatIf,
): Promise<VariedModel> {
  const own = await openVariable(source, type, options, whatIf);
  const { reading } = own;
  const open = (changes: ReadOptions) => openVariable(source, type, changes);
  const variables = variablesOf(own.graph);
  const extents = variables.filter(({ name }) => name !== 'channels');
  const dimensions = extents
    .filter(({ name, value }) => own.graph.dimensions[name] === value)
    .map(({ name }) => name);

  async function graphOf({ channels, ...sizes }: WhatIf): Promise<Graph> {
    const varied = extents
      .filter(({ name }) => sizes[name] !== undefined)
      .map(({ name }) => ({ name, value: sizes[name]! }));
    const isNamed = ({ name }: Variable): boolean => dimensions.includes(name);
    const named = varied.filter(isNamed).map(({ name, value }) => [name, value]);
    const changed = { ...reading.dimensions, ...Object.fromEntries(named) };
    let model = named.length === 0 ? own : await open({ ...reading, dimensions: changed });
    let { graph } = model;
    for (const variable of varied.filter((each) => !isNamed(each))) {
      if (graph !== model.graph) model = await open({ ...options, inputShapes: shapesOf(graph) });
      graph = await model.at(variable);
    }
    return channels === undefined ? graph : withChannels(graph, channels);
  }

  return {
    type: own.type,
    variables,
    dimensions,
    graph: await graphOf(whatIf),
    at: ({ name, value }) => graphOf({ ...whatIf, [name]: value }),
  };
}

function shapesOf(graph: Graph): Readonly<Record<string, Shape>> {
  return Object.fromEntries(
    graph.inputs.flatMap((name): [string, Shape][] => {
      const { shape } = graph.tensor(name);
      return shape === undefined || shape.length === 0 ? [] : [[name, shape]];
    }),
  );
}
