import type { Node } from '@nnmeter/ir';
import type { Kernel } from '@nnmeter/kernel-detect';
import { ACTIVATION } from './kernel-description.ts';

/** The activation of the last fused stage whose cost some device's terms know, else that of the first stage. */
export function activationOf({ stages, nodes }: Kernel): number {
  for (let index = stages.length - 1; index > 0; index--) {
    if (stages[index] === 'hswish') return ACTIVATION.hswish;
    if (stages[index] === 'relu') return activationAmong(nodes, nodes.length, 'relu');
  }
  if (stages[0] === 'hswish') return ACTIVATION.hswish;
  // What is fused onto a first stage comes after its nodes.
  return activationAmong(nodes, nodes.length - (stages.length - 1), stages[0]!);
}

function activationAmong(nodes: readonly Node[], end: number, stage: string): number {
  for (let index = end - 1; index >= 0; index--) {
    const node = nodes[index]!;
    switch (node.op) {
      case 'relu':
        return node.attributes.max === 6 ? ACTIVATION.relu6 : ACTIVATION.relu;
      case 'hswish':
      case 'swish':
        if (stage !== 'relu') return ACTIVATION.hswish;
        break;
      case 'sigmoid':
      case 'tanh':
      case 'gelu':
      case 'clip':
        if (stage !== 'relu') return ACTIVATION.other;
        break;
      default:
    }
  }
  return ACTIVATION.none;
}
