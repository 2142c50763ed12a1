import { expect, test } from '@jest/globals';
import { createGraph, GraphBuilder, macsOfNodes, type Node, nodeCost } from '@nnmeter/ir';
import fc from 'fast-check';

/** Nodes of one or two results that read results of earlier ones, the input, a constant, or nothing; in any order. */
const networks = fc
  .array(
    fc.record({
      reads: fc.array(fc.nat(), { maxLength: 4 }),
      results: fc.integer({ min: 1, max: 2 }),
      rank: fc.nat(),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((items) => {
    const readable = ['', 'image', 'weight'];
    const nodes = items.map(({ reads, results, rank }, index) => {
      const inputs = reads.map((choice) => readable[choice % readable.length]!);
      const outputs = Array.from({ length: results }, (_, result) => `t${index}.${result}`);
      readable.push(...outputs);
      return {
        rank,
        name: `n${index}`,
        op: 'custom',
        attributes: {},
        inputs,
        outputs,
        sourceOp: 'X',
      };
    });
    const tensors = readable.slice(1).map((name) => ({
      name,
      kind:
        name === 'image'
          ? ('input' as const)
          : name === 'weight'
            ? ('constant' as const)
            : ('activation' as const),
      dataType: 'float32' as const,
      shape: [1],
    }));
    return createGraph({
      name: 'any',
      nodes: nodes.sort((a, b) => a.rank - b.rank) as unknown as Node[],
      tensors,
      inputs: ['image'],
      outputs: [nodes[0]!.outputs[0]!],
    });
  });

test('the edges as numbers say the same as the names', () => {
  fc.assert(
    fc.property(networks, (graph) => {
      const { nodes, edges } = graph;
      const name = (tensor: number) => (tensor === -1 ? '' : edges.tensors[tensor]!.name);
      const list = (items: Int32Array, start: Int32Array, at: number) => [
        ...items.subarray(start[at], start[at + 1]),
      ];
      expect(edges.tensors).toEqual([...graph.tensors.values()]);
      expect([...edges.results].map(name)).toEqual(graph.outputs);
      for (const [at, node] of nodes.entries()) {
        expect(list(edges.inputs, edges.inputStart, at).map(name)).toEqual(node.inputs);
        expect(list(edges.outputs, edges.outputStart, at).map(name)).toEqual(node.outputs);
        for (const input of node.inputs) {
          const producer = nodes.findIndex(
            ({ outputs }) => input !== '' && outputs.includes(input),
          );
          expect(producer).toBeLessThan(at);
        }
      }
      for (const [id, tensor] of edges.tensors.entries()) {
        const producer = nodes.findIndex(({ outputs }) => outputs.includes(tensor.name));
        const readers = nodes.flatMap(({ inputs }, at) =>
          inputs.includes(tensor.name) ? [at] : [],
        );
        expect(edges.producers[id]).toBe(producer);
        expect(graph.producer(tensor.name)).toBe(nodes[producer]);
        expect(list(edges.consumers, edges.consumerStart, id)).toEqual(readers);
        expect(graph.consumers(tensor.name)).toEqual(readers.map((reader) => nodes[reader]));
      }
    }),
  );
});

test('the MACs of all nodes are those of each', () => {
  const builder = new GraphBuilder('branches');
  const image = builder.input('image', [1, 8, 14, 14]);
  const left = builder.relu(builder.conv(image, 16, { kernel: 3, padding: 1 }));
  const right = builder.conv(builder.dwconv(image, { kernel: 5, padding: 2 }), 16, { kernel: 1 });
  const graph = builder.build(builder.add(left, right));
  const macs = [...macsOfNodes(graph)];
  expect(macs).toEqual(graph.nodes.map((node) => nodeCost(graph, node)!.macs));
  expect(macs.filter((value) => value > 0).sort((a, b) => a - b)).toEqual([
    14 * 14 * 16 * 8,
    14 * 14 * 8 * 25,
    14 * 14 * 16 * 8 * 9,
  ]);
});
