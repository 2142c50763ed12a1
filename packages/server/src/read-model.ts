import { NnMeterError, type ReadOptions } from '@nnmeter/ir';
import { decodeBase64, readModelContent, readModelFile, type TypedGraph } from '@nnmeter/predictor';
import type { ModelParameters } from './parameters.ts';

const SOURCES = ['path', 'base64', 'object', 'name'] as const;

/** A graph with what reports call its model. */
export interface NamedGraph extends TypedGraph {
  readonly model: string;
}

/**
 * Reads the model that a request is about.
 * @param bytes the content of its file, if that came beside the parameters
 * @param resolvePath the path to open for one that was asked for
 * @throws NnMeterError E_USAGE unless the model is given exactly once; the errors of reading it
 */
export async function readModel(
  parameters: ModelParameters,
  bytes: Uint8Array | undefined,
  resolvePath: (path: string) => string,
): Promise<NamedGraph> {
  const { path, base64, object, name, type } = parameters;
  const given = SOURCES.filter((source) => parameters[source] !== undefined);
  if (bytes !== undefined) given.push('base64');
  const [source] = given;
  if (source === undefined || given.length > 1) {
    const problem = source === undefined ? 'no model is given' : 'several models are given';
    throw new NnMeterError('E_USAGE', problem, { hint: `give one of ${SOURCES.join(', ')}` });
  }
  const options = readOptions(parameters);
  if (path !== undefined) {
    return { model: path, ...(await readModelFile(resolvePath(path), type, options)) };
  }
  if (name !== undefined) {
    if (type === undefined) {
      throw new NnMeterError('E_USAGE', 'a model by name needs its type', {
        hint: 'torchvision has networks by name',
      });
    }
    return { model: name, ...(await readModelContent(name, type, options)) };
  }
  const content = object ?? bytes ?? decode(base64!);
  const read = await readModelContent(content, type, options);
  return { model: read.graph.name, ...read };
}

function readOptions({ inputShapes, assume, signature }: ModelParameters): ReadOptions {
  return {
    ...(inputShapes !== undefined && { inputShapes }),
    ...(assume !== undefined && { assume }),
    ...(signature !== undefined && { signature }),
  };
}

function decode(base64: string): Uint8Array {
  const bytes = decodeBase64(base64);
  if (bytes !== undefined) return bytes;
  throw new NnMeterError('E_USAGE', 'base64: it is not valid base64');
}
