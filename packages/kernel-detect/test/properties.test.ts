import { describe, expect, test } from '@jest/globals';
import type { Graph } from '@nnmeter/ir';
import { detectKernels, type FusionRules } from '@nnmeter/kernel-detect';
import fc from 'fast-check';
import { BINARY, networks, UNARY } from './support/networks.ts';
import { cpu, gpu, vpu } from './support/rules.ts';

const STAGES = ['conv', 'add', 'split', 'swish', 'se', 'hswish', ...UNARY, ...BINARY];
const everythingFuses: FusionRules = {
  fuse: Object.fromEntries(
    STAGES.flatMap((one) => STAGES.map((two) => [`BF_${one}_${two}`, true] as const)),
  ),
};
const allRules = fc.constantFrom(cpu, gpu, vpu, everythingFuses, { fuse: {} });

/** The tensor that reshapes to its own shape, which devices do not run, hand on. */
function handedOn(graph: Graph, name: string): string {
  const node = graph.producer(name);
  const input = node?.op === 'reshape' ? node.inputs[0]! : '';
  const isIdle = graph.producer(input) !== undefined && sameShape(graph, input, name);
  return isIdle ? handedOn(graph, input) : name;
}

function sameShape(graph: Graph, a: string, b: string): boolean {
  return graph.tensor(a).shape!.join() === graph.tensor(b).shape!.join();
}

describe('for any network and any rules', () => {
  test('every node is in exactly one kernel', () => {
    fc.assert(
      fc.property(networks, allRules, (graph, rules) => {
        const members = detectKernels(graph, rules).flatMap((kernel) => kernel.nodes);
        expect(members).toHaveLength(graph.nodes.length);
        expect(new Set(members)).toEqual(new Set(graph.nodes));
      }),
      { numRuns: 500 },
    );
  });

  test('kernels read earlier kernels only, and say which', () => {
    fc.assert(
      fc.property(networks, allRules, (graph, rules) => {
        const kernels = detectKernels(graph, rules);
        const kernelOf = new Map(
          kernels.flatMap((kernel) => kernel.nodes.map((node) => [node, kernel.index] as const)),
        );
        for (const kernel of kernels) {
          const read = new Set(
            kernel.nodes
              .flatMap((node) => graph.predecessors(node))
              .map((node) => kernelOf.get(node)!),
          );
          read.delete(kernel.index);
          expect(new Set(kernel.inputKernels)).toEqual(read);
          for (const input of read) expect(input).toBeLessThan(kernel.index);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('what leaves a kernel is among its outputs, what enters among its inputs', () => {
    fc.assert(
      fc.property(networks, allRules, (graph, rules) => {
        for (const kernel of detectKernels(graph, rules)) {
          const members = new Set(kernel.nodes);
          const outputs = new Set(kernel.outputs.map((tensor) => tensor.name));
          const inputs = new Set(kernel.inputs.map((tensor) => tensor.name));
          for (const node of kernel.nodes) {
            for (const name of node.outputs) {
              const leaves =
                graph.outputs.includes(name) ||
                graph.consumers(name).some((reader) => !members.has(reader));
              if (leaves) expect(outputs).toContain(handedOn(graph, name));
            }
            for (const name of node.inputs) {
              const producer = graph.producer(name);
              const enters =
                graph.tensor(name).kind !== 'constant' &&
                (producer === undefined || !members.has(producer));
              if (enters) expect(inputs).toContain(handedOn(graph, name));
              else expect(inputs).not.toContain(name);
            }
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
