import type { Graph } from '@nnmeter/ir';
import type { Kernel } from '@nnmeter/kernel-detect';

/** Whether only a pooling reads the result; a concat between them may have no other reader either. */
export function isPooled(
  { positions, outputs: results }: Kernel,
  { nodes, edges }: Graph,
): boolean {
  if (results.length === 0) return false;
  const { inputs, inputStart, outputs, outputStart, consumers, consumerStart } = edges;
  /** The node that alone reads a tensor, -1 if there is no such node. */
  const only = (tensor: number): number => {
    const first = consumerStart[tensor]!;
    return tensor !== -1 && consumerStart[tensor + 1] === first + 1 ? consumers[first]! : -1;
  };
  const reader = only(outputs[outputStart[positions.at(-1)!]!]!);
  const op = nodes[reader]?.op;
  if (op !== 'concat') return op === 'maxpool' || op === 'avgpool';
  for (let slot = inputStart[reader]!; slot < inputStart[reader + 1]!; slot++)
    if (only(inputs[slot]!) !== reader) return false;
  return nodes[only(outputs[outputStart[reader]!]!)]?.op === 'maxpool';
}
