import { notExported as notExportedTo } from '@nnmeter/export';
import type { NnMeterError, Node, NodeOf, Op } from '@nnmeter/ir';
import type { TfLiteGraph } from './tflite-graph.ts';

/** How nodes of one op (or several) are written. */
export type Rule<O extends Op> = (target: TfLiteGraph, node: { [K in O]: NodeOf<K> }[O]) => void;

export type Rules = { readonly [O in Op]?: Rule<O> };

/** The error about a node that cannot be written. */
export function notExported(node: Node, reason: string): NnMeterError {
  return notExportedTo('TFLite', node, reason);
}
