import type { ModelFacts, Origin, Parameters } from '../protocol.ts';
import { loadNetworks } from './formats.ts';
import { RemoteBlob } from './remote-blob.ts';
import { openVaried, type VariedModel } from './what-if.ts';

/** Models that were read, as they are now. */
const models = new Map<number, VariedModel>();

/** @throws NnMeterError what the frontends say */
export async function readModel(parameters: Parameters<'read'>): Promise<ModelFacts> {
  const { model, name, origin, options, whatIf } = parameters;
  const [source, asked] = await sourceOf(origin);
  const varied = await openVaried(source, asked, { ...options, name }, whatIf);
  models.set(model, varied);
  const { type, graph, variables, dimensions } = varied;
  const { assumed, signatures, signature } = graph;
  return {
    ...{ type, variables, dimensions, assumed, signatures, signature },
    nodes: graph.nodes.length,
    inputs: graph.inputs.map((input) => ({ name: input, shape: graph.tensor(input).shape })),
  };
}

/** A model that {@link readModel} read. */
export function modelOf(model: number): VariedModel {
  return models.get(model)!;
}

export function forgetModel(model: number): void {
  models.delete(model);
}

/** What readers take, and the type of what goes by a name. */
async function sourceOf(origin: Origin): Promise<readonly [unknown, string | undefined]> {
  if (origin.kind === 'network') return [origin.name, (await loadNetworks()).frontend.format];
  const files = origin.files.map((file) => (file instanceof File ? file : new RemoteBlob(file)));
  return [files, undefined];
}
