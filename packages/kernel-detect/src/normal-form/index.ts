import type { Graph } from '@nnmeter/ir';
import { takeActivations, takeBiases } from './bias.ts';
import { dilateConvolutions } from './dilated-convolution.ts';
import { dropIdle } from './idle.ts';
import { mergeMoves, reshapeTrivially, transposeWhole } from './movement.ts';
import { applyRewrite, compose, type NormalForm, type Rewrite } from './normal-form.ts';
import { takePads } from './padding.ts';
import { keepRows } from './rows.ts';

/** In the order in which they are applied. Each is linear in nodes and edges. */
const REWRITES: readonly ((graph: Graph) => Rewrite | undefined)[] = [
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

/** The graph in normal form; undefined if it has it already. */
export function normalize(original: Graph): NormalForm | undefined {
  let form: NormalForm | undefined;
  for (const rewriteOf of REWRITES) {
    const graph = form?.graph ?? original;
    const rewrite = rewriteOf(graph);
    if (rewrite !== undefined) form = compose(form, applyRewrite(graph, rewrite));
  }
  return form;
}
