import { NnMeterError, type Node, quote } from '@nnmeter/ir';

/** The error about a node that a format cannot have. */
export function notExported(format: string, node: Node, reason: string): NnMeterError {
  return new NnMeterError(
    'E_UNSUPPORTED_OP',
    `node ${quote(node.name)} (${node.sourceOp}) cannot be exported to ${format}: ${reason}`,
    { where: { node: node.name, op: node.sourceOp } },
  );
}
