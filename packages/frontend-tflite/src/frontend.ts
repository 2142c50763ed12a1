import type { Graph, ReadOptions } from '@nnmeter/ir';
import { type Frontend, openModel, readModel } from '@nnmeter/model-source';
import { decodeTfLite, looksLikeTfLite } from './decode.ts';
import { facts } from './generated/facts.ts';
import { readByRanges } from './reading.ts';
import { toGraph } from './to-graph.ts';

/** Finds and reads TensorFlow Lite models. */
export const frontend: Frontend = {
  ...facts,
  matches: (head) => (looksLikeTfLite(head) ? 1 : 0),
  async read(source, options) {
    const model = await readByRanges(source, decodeTfLite);
    const name = source.name.replace(/\.tflite$/, '');
    return toGraph(model, { ...(name && { name }), ...options });
  },
};

/**
 * Reads a TFLite file. Needs Node. Weights are not read.
 * @throws NnMeterError E_FILE if it cannot be read, others as `readTfLite`
 */
export async function readTfLiteFile(path: string, options: ReadOptions = {}): Promise<Graph> {
  return readModel(await openModel(path), frontend, options);
}
