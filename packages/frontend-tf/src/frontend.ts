import type { Graph, ReadOptions } from '@nnmeter/ir';
import { type Frontend, openModel, readModel } from '@nnmeter/model-source';
import { protobufBytes } from '@nnmeter/model-source/protobuf';
import { looksLikeTensorFlow, messageFields } from './decode.ts';
import { facts } from './generated/facts.ts';
import { toGraph } from './read.ts';
import { isZippedFolder, unpackGraph } from './zipped-folder.ts';

/** Finds and reads TensorFlow frozen GraphDefs and SavedModels, also in zips. */
export const frontend: Frontend = {
  ...facts,
  async matches(head, source) {
    if (looksLikeTensorFlow(head)) return 0.5;
    return (await isZippedFolder(source)) ? 1 : 0;
  },
  async read(source, options) {
    const bytes =
      (await unpackGraph(source)) ?? (await protobufBytes(source, messageFields(source.head)));
    const name = source.name.replace(/\.zip$/i, '');
    return toGraph(bytes, { ...(name && { name }), ...options });
  },
};

/**
 * Reads a frozen GraphDef file, a `saved_model.pb`, or a SavedModel folder or zip of one. Needs Node. Weights and variables are not
 * read.
 * @throws NnMeterError E_FILE if it cannot be read, others as `readTensorFlow`
 */
export async function readTensorFlowFile(path: string, options: ReadOptions = {}): Promise<Graph> {
  const folderFiles = facts.folderFile === undefined ? [] : [facts.folderFile];
  return readModel(await openModel(path, { folderFiles }), frontend, options);
}
