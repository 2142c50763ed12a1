import type { Graph, ReadOptions } from '@nnmeter/ir';
import { type Frontend, openModel, readModel } from '@nnmeter/model-source';
import { protobufBytes } from '@nnmeter/model-source/protobuf';
import { looksLikeTensorFlow, messageFields } from './decode.ts';
import { facts } from './generated/facts.ts';
import { toGraph } from './read.ts';

/** Finds and reads TensorFlow frozen GraphDefs and SavedModels. */
export const frontend: Frontend = {
  ...facts,
  matches: (head) => (looksLikeTensorFlow(head) ? 0.5 : 0),
  async read(source, options) {
    const bytes = await protobufBytes(source, messageFields(source.head));
    return toGraph(bytes, { ...(source.name && { name: source.name }), ...options });
  },
};

/**
 * Reads a frozen GraphDef file, a `saved_model.pb`, or a SavedModel folder. Needs Node. Weights and variables are not
 * read.
 * @throws NnMeterError E_FILE if it cannot be read, others as `readTensorFlow`
 */
export async function readTensorFlowFile(path: string, options: ReadOptions = {}): Promise<Graph> {
  const folderFiles = facts.folderFile === undefined ? [] : [facts.folderFile];
  return readModel(await openModel(path, { folderFiles }), frontend, options);
}
