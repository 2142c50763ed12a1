import {
  elementCount,
  type Graph,
  locateError,
  NnMeterError,
  quote,
  validateGraph,
} from '@nnmeter/ir';

/**
 * Refuses what no runtime would load.
 * @throws NnMeterError E_INVALID_GRAPH if it has no results; E_SHAPE if an input has no elements, or shapes contradict each other
 */
export function requireExportable(graph: Graph): void {
  if (graph.outputs.length === 0) {
    throw new NnMeterError('E_INVALID_GRAPH', `graph ${quote(graph.name)} has no results`);
  }
  for (const name of graph.inputs) {
    const { shape } = graph.tensor(name);
    if (shape === undefined || elementCount(shape) > 0) continue;
    throw new NnMeterError(
      'E_SHAPE',
      `input ${quote(name)} [${shape.join(', ')}] has no elements; in model files 0 stands for an extent that is not known`,
      { where: { input: name } },
    );
  }
  for (const issue of validateGraph(graph)) {
    if (issue.kind !== 'impossible-shapes') continue;
    const { node, reason } = issue;
    throw locateError(
      { node, op: graph.node(node)!.sourceOp },
      new NnMeterError('E_SHAPE', `its shapes contradict each other: ${reason}`),
    );
  }
}
