import { notExported as notExportedTo } from '@nnmeter/export';
import type { NnMeterError, Node } from '@nnmeter/ir';

/** The error about a node that cannot be written. */
export function notExported(node: Node, reason: string): NnMeterError {
  return notExportedTo('TFLite', node, reason);
}
