import { createHash } from 'node:crypto';
import type { Graph } from '@nnmeter/ir';

/** Of the ops in their order, what each reads, and the shapes of operands and results. */
export function digestOf(graph: Graph): string {
  const producers = new Map(graph.nodes.map((node, at) => [node.name, at]));
  const lines = graph.nodes.map(({ op, inputs, outputs }) => {
    const operands = inputs.map((name) => {
      const from = producers.get(graph.producer(name)?.name ?? '');
      return `${from ?? graph.tensor(name).kind} ${graph.tensor(name).shape}`;
    });
    return [op, ...operands, ...outputs.map((name) => graph.tensor(name).shape)].join('; ');
  });
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 32);
}
