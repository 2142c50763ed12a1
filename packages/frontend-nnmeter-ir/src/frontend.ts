import { type Frontend, jsonHead, readWhole } from '@nnmeter/model-source';
import { facts } from './generated/facts.ts';
import { readNnMeterIr } from './to-graph.ts';

/** Finds and reads nn-Meter IR JSON. */
export const frontend: Frontend = {
  ...facts,
  matches,
  async read(source, options) {
    const name = source.name.replace(/\.json$/, '');
    return readNnMeterIr(await readWhole(source), { ...(name && { name }), ...options });
  },
  matchesObject: (object) => matches(jsonHead(object)),
  fromObject: readNnMeterIr,
};

function matches(head: Uint8Array): number {
  return /^\s*\{\s*"[\s\S]*"(attr|inbounds)"\s*:/.test(new TextDecoder().decode(head)) ? 0.5 : 0;
}
