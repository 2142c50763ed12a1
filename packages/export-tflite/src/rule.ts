import type { NodeOf, Op } from '@nnmeter/ir';
import type { TfLiteGraph } from './tflite-graph.ts';

/** How nodes of one op (or several) are written. */
export type Rule<O extends Op> = (target: TfLiteGraph, node: { [K in O]: NodeOf<K> }[O]) => void;

export type Rules = { readonly [O in Op]?: Rule<O> };
