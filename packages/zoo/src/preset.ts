import type { Graph } from '@nnmeter/ir';
import type { NetworkOptions } from './torch/options.ts';

export type Build = (options: NetworkOptions) => Graph;

/** A builder with a network's own parameters filled in. */
export function preset<O extends NetworkOptions>(
  build: (options: O) => Graph,
  parameters: Omit<O, keyof NetworkOptions>,
): Build {
  return (options) => build({ ...parameters, ...options } as O);
}
