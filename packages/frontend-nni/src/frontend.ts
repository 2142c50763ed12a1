import { type Frontend, jsonHead, readWhole } from '@nnmeter/model-source';
import { facts } from './generated/facts.ts';
import { readNniIr } from './to-graph.ts';

const SIGNS =
  /"operation"\s*:\s*\{\s*"(type|parameters|attributes|cell_name)"|"(head|tail)"\s*:\s*\[/;

/** Finds and reads NNI IR. */
export const frontend: Frontend = {
  ...facts,
  matches,
  async read(source, options) {
    const name = source.name.replace(/\.json$/, '');
    return readNniIr(await readWhole(source), { ...(name && { name }), ...options });
  },
  matchesObject: (object) => matches(jsonHead(object)),
  fromObject: readNniIr,
};

/** Its signs are more special than those of nn-Meter IR, which may hold nodes of any name. */
function matches(head: Uint8Array): number {
  const text = new TextDecoder().decode(head);
  return /^\s*\{/.test(text) && SIGNS.test(text) ? 0.7 : 0;
}
