import type { Op } from '@nnmeter/ir';
import type { GraphView } from '../graph-view.ts';

/** Why a block does not start at a node. */
export interface Mismatch {
  /** The node that does not fit, as a position in the graph. */
  readonly node: number;
  /** What is wrong with it, to be read after its name: `is not a 1x1 convolution`. */
  readonly condition: string;
}

/**
 * Several nodes that devices run, and the field thinks of, as one operation. Unless `severalExits`,
 * detection accepts a match only if all nodes but the last are read inside the block alone.
 */
export interface Block {
  /** Name of the stage it becomes in a kernel. */
  readonly name: string;
  /** Ops it may be found by; all other nodes are dismissed by one lookup. */
  readonly anchors: readonly Op[];
  /** Set if results leave from every node (split): complete with its first node, and nothing joins it. */
  readonly severalExits?: true;
  /** Set if it is one operation only for converters, which put constants together, or only for programs as they stand. */
  readonly only?: 'converted' | 'eager';
  /** Its nodes in topological order, or the reason why there is no such block around `anchor`. */
  match(view: GraphView, anchor: number): readonly number[] | Mismatch;
}

export function isMatch(result: readonly number[] | Mismatch): result is readonly number[] {
  return Array.isArray(result);
}

export function mismatch(node: number, condition: string): Mismatch {
  return { node, condition };
}

/** Equal up to float32 rounding; `unknown` values, which some formats do not tell, are given the benefit of the doubt. */
export function isAbout(value: number | 'unknown' | undefined, expected: number): boolean {
  if (value === undefined) return false;
  return value === 'unknown' || Math.abs(value - expected) <= 1e-3 * Math.abs(expected);
}

export function ascending(nodes: number[]): number[] {
  return nodes.sort((a, b) => a - b);
}
