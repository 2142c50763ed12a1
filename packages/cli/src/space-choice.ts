import type { Shape } from '@nnmeter/ir';
import { type SearchSpace, spaceNamed } from '@nnmeter/nas';
import { readSpace } from '@nnmeter/nas/node';

/** Which space to search; plain data, so that worker threads can be told. */
export interface SpaceChoice {
  /** Of one of ours, or a file. */
  readonly name: string;
  /** Undefined: its own. */
  readonly input: Shape | undefined;
}

/** The space of a choice. @throws NnMeterError E_INVALID_INPUT, E_FILE */
export async function openSpace({ name, input }: SpaceChoice): Promise<SearchSpace> {
  const space = /\.[cm]?js$/.test(name) ? await readSpace(name) : spaceNamed(name);
  return input === undefined ? space : space.withInput(input);
}
