import type { Graph, ReadOptions } from '@nnmeter/ir';
import {
  type Frontend,
  type ModelInput,
  type ModelSource,
  openModel,
  readModel,
} from '@nnmeter/model-source';
import { holdsProgram, readProgramText } from './archive.ts';
import { facts } from './generated/facts.ts';
import { toGraph } from './to-graph.ts';

/** Finds and reads torch.export archives: of a file only the zip's directory and the program in it. */
export const frontend: Frontend = {
  ...facts,
  matches: async (_head, source) => ((await holdsProgram(source)) ? 1 : 0),
  async read(source: ModelSource, options: ReadOptions) {
    const name = source.name.replace(/\.pt2$/i, '');
    return toGraph(await readProgramText(source), { ...(name && { name }), ...options });
  },
};

/**
 * Reads a torch.export archive from a path (in Node), a Blob or its bytes. The graph is named after the file unless a name
 * is given.
 * @throws NnMeterError E_INVALID_INPUT (damaged, no archive of torch.export, shapes that do not fit), E_INVALID_GRAPH
 * (it reads what nothing computes), E_LIMIT (no real program), E_FILE (it cannot be read)
 */
export async function readPt2(input: ModelInput, options: ReadOptions = {}): Promise<Graph> {
  return readModel(await openModel(input), frontend, options);
}
