import type { Graph, ReadOptions, Shape } from '@nnmeter/ir';
import { readModelContent } from '@nnmeter/predictor';
import type { ModelFacts, Origin, WhatIf } from '../protocol.ts';
import { loadNetworks } from './formats.ts';
import { RemoteBlob } from './remote-blob.ts';
import { unpackFolder } from './unpack-folder.ts';
import { variablesOf, varied } from './what-if.ts';

/** A model that was read, as it is now. */
interface ReadModel {
  readonly type: string;
  readonly graph: Graph;
}

const models = new Map<number, ReadModel>();

/** @throws NnMeterError what the frontends say */
export async function readModel(parameters: {
  readonly model: number;
  readonly name: string;
  readonly origin: Origin;
  readonly inputShapes: Readonly<Record<string, Shape>> | undefined;
  readonly whatIf: WhatIf;
}): Promise<ModelFacts> {
  const { model, name, origin, inputShapes, whatIf } = parameters;
  const options = { name, ...(inputShapes !== undefined && { inputShapes }) };
  const original = await readOrigin(origin, options);
  const { type, graph } = await varied(original, whatIf, (changed) =>
    readOrigin(origin, { ...options, ...changed }),
  );
  models.set(model, { type, graph });
  return {
    type,
    nodes: graph.nodes.length,
    inputs: graph.inputs.map((input) => ({ name: input, shape: graph.tensor(input).shape })),
    variables: variablesOf(original.graph),
  };
}

/** A model that {@link readModel} read. */
export function modelOf(model: number): ReadModel {
  return models.get(model)!;
}

export function forgetModel(model: number): void {
  models.delete(model);
}

async function readOrigin(origin: Origin, options: ReadOptions): Promise<ReadModel> {
  if (origin.kind === 'network') {
    const { frontend } = await loadNetworks();
    return readModelContent(origin.name, frontend.format, options);
  }
  const files = origin.files.map((file) => (file instanceof File ? file : new RemoteBlob(file)));
  return readModelContent(await unpackFolder(files), undefined, options);
}
