import type { Graph } from '@nnmeter/ir';
import { takeActivations, takeBiases } from './bias.ts';
import { dilateConvolutions } from './dilated-convolution.ts';
import { dropIdentities, dropIdle } from './idle.ts';
import { mergeMoves, reshapeTrivially, transposeWhole } from './movement.ts';
import { applyRewrite, compose, type NormalForm, type Rewrite } from './normal-form.ts';
import { takePads } from './padding.ts';
import { keepRows } from './rows.ts';

type FindRewrite = (graph: Graph) => Rewrite | undefined;

/** In the order in which they are applied. Each is linear in nodes and edges. */
const REWRITES: readonly FindRewrite[] = [
  dropIdle,
  keepRows,
  takeBiases,
  takeActivations,
  transposeWhole,
  reshapeTrivially,
  mergeMoves,
  dilateConvolutions,
  takePads,
];

/** What undoes the doings of exporters, and no more. */
const EAGER_REWRITES: readonly FindRewrite[] = [
  dropIdentities,
  keepRows,
  takeBiases,
  transposeWhole,
  reshapeTrivially,
];

/**
 * The graph in normal form; undefined if it has it already.
 * @param isEager as a framework runs it that has no converter
 */
export function normalize(original: Graph, isEager: boolean): NormalForm | undefined {
  let form: NormalForm | undefined;
  for (const rewriteOf of isEager ? EAGER_REWRITES : REWRITES) {
    const graph = form?.graph ?? original;
    const rewrite = rewriteOf(graph);
    if (rewrite !== undefined) form = compose(form, applyRewrite(graph, rewrite));
  }
  return form;
}
