import type { NnMeterIrNode, RawShape } from './format.ts';

/** What a node reads: the result of a node, or a constant (or input of the graph) that has no node in the file. */
export interface Operand {
  readonly producer?: string;
  /** As the node expects it. */
  readonly shape: RawShape | null | undefined;
  /** Position of the producer in `inbounds`. */
  readonly edge: number;
}

/**
 * Pairs `inbounds` with `input_shape`. Where they differ in length, a shape without an inbound is a constant's; inbounds
 * that name no node of the file are left out unless `isTensor` knows them, as it does the name of a further result
 * (`split:1`).
 */
export function pairOperands(
  raw: ReadonlyMap<string, NnMeterIrNode>,
  node: NnMeterIrNode,
  isTensor: (name: string) => boolean,
): Operand[] {
  const shapes = node.attr.input_shape ?? [];
  const inbounds = node.inbounds ?? [];
  if (inbounds.length === shapes.length) {
    return inbounds.map((producer, edge) => ({ producer, shape: shapes[edge], edge }));
  }
  const edges: number[] = [];
  inbounds.forEach((producer, edge) => {
    if (raw.has(producer) || isTensor(producer)) edges.push(edge);
  });
  const operands: Operand[] = [];
  let next = 0;
  shapes.forEach((shape, index) => {
    const edge = edges[next];
    const tooFew = edges.length - next < shapes.length - index;
    if (edge === undefined || (tooFew && shape?.length === 0 && !isScalar(raw, inbounds[edge]!))) {
      operands.push({ shape, edge: -1 });
      return;
    }
    operands.push({ producer: inbounds[edge]!, shape, edge });
    next++;
  });
  for (const edge of edges.slice(next)) {
    operands.push({ producer: inbounds[edge]!, shape: undefined, edge });
  }
  return operands;
}

function isScalar(raw: ReadonlyMap<string, NnMeterIrNode>, producer: string): boolean {
  const shape = raw.get(producer)?.attr.output_shape?.[0];
  return shape === undefined || shape?.length === 0;
}
