import type { Graph, ReadOptions } from '@nnmeter/ir';
import type { WhatIf } from '../protocol.ts';

interface Read {
  readonly type: string;
  readonly graph: Graph;
}

export function variablesOf(_graph: Graph): readonly { name: string; value: number }[] {
  return [];
}

export async function varied(
  original: Read,
  _whatIf: WhatIf,
  _read: (options: ReadOptions) => Promise<Read>,
): Promise<Read> {
  return original;
}
