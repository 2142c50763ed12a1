import type { Graph, Node } from '@nnmeter/ir';
import type { Kernel } from '@nnmeter/kernel-detect';

/** Whether only a pooling reads the result; a concat between them may have no other reader either. */
export function isPooled(kernel: Kernel, graph: Graph): boolean {
  const only = (name: string | undefined): Node | undefined => {
    const consumers = name === undefined ? [] : graph.consumers(name);
    return consumers.length === 1 ? consumers[0] : undefined;
  };
  const reader = only(kernel.outputs[0]?.name);
  if (reader?.op !== 'concat') return reader?.op === 'maxpool' || reader?.op === 'avgpool';
  return (
    reader.inputs.every((name) => only(name) === reader) &&
    only(reader.outputs[0])?.op === 'maxpool'
  );
}
