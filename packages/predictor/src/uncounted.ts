import { type Graph, macsOfNodes, NnMeterError, type Node, opRow } from '@nnmeter/ir';
import type { LatencyReport, Uncounted } from './report.ts';

/** Share of the MACs that may be missing before a prediction no longer stands for the whole model. */
const NEGLIGIBLE = 0.05;

/** What is missing in a sum of latencies, and whether the sum stands for the whole model all the same. */
export function measureUncounted(
  graph: Graph,
  missing: ReadonlySet<Node>,
): Pick<LatencyReport, 'uncounted' | 'complete'> {
  if (missing.size === 0) return { uncounted: { nodes: 0, macs: 0, ops: [] }, complete: true };
  const macs = macsOfNodes(graph);
  const sourceOps = new Set<string>();
  let nodes = 0;
  let missingMacs = 0;
  let countedMacs = 0;
  for (const [position, node] of graph.nodes.entries()) {
    const row = opRow(node.op);
    if (row.free) continue;
    const own = row.macs === 'none' ? 0 : macs[position]!;
    if (!missing.has(node)) {
      if (!Number.isNaN(own)) countedMacs += own;
      continue;
    }
    nodes++;
    sourceOps.add(node.sourceOp);
    missingMacs += own;
  }
  const isKnown = !Number.isNaN(missingMacs);
  return {
    uncounted: { nodes, macs: isKnown ? missingMacs : null, ops: [...sourceOps].sort() },
    complete: isKnown && missingMacs <= NEGLIGIBLE * countedMacs,
  };
}

/**
 * Refuses a prediction that does not stand for the whole model.
 * @throws NnMeterError E_INCOMPLETE naming what is missing
 */
export function requireComplete(report: LatencyReport): void {
  if (report.complete) return;
  throw new NnMeterError(
    'E_INCOMPLETE',
    `its latency is incomplete: ${describeUncounted(report)}`,
    {
      where: { predictor: report.predictor },
      hint: "give the shapes of the model's inputs, or a model that states its shapes",
    },
  );
}

const OPS_SHOWN = 5;

/** `12 nodes (RoiAlign, Gemm) of unknown MACs are not counted`. */
export function describeUncounted({ uncounted }: { readonly uncounted: Uncounted }): string {
  const { nodes, macs, ops } = uncounted;
  const more = ops.length > OPS_SHOWN ? ', ...' : '';
  const names = `${ops.slice(0, OPS_SHOWN).join(', ')}${more}`;
  const size = macs === null ? 'unknown MACs' : `${(macs / 1e6).toPrecision(3)} million MACs`;
  return `${nodes} node${nodes === 1 ? '' : 's'} (${names}) of ${size} ${nodes === 1 ? 'is' : 'are'} not counted`;
}
