import { type Graph, NnMeterError, quote } from '@nnmeter/ir';
import { readOnnxFile } from './onnx-file.ts';
import { groupOptimised, type OptimisedGroup } from './optimised-nodes.ts';
import type { ProfiledNode } from './profile.ts';
import type { FusedNode, LayerTime } from './runner.ts';

/**
 * What is fused, as the names of the nodes that ran say: WebAssembly writes no optimised models.
 * @param model its bytes, or its path in Node
 */
export async function groupProfiled(
  graph: Graph,
  model: string | Uint8Array,
  profiled: readonly ProfiledNode[],
): Promise<readonly OptimisedGroup[]> {
  const { nodes } = await readOnnxFile(model);
  const run = profiled.map(({ name, opType }) => ({ name, opType, inputs: [], outputs: [] }));
  return groupOptimised(graph, nodes, run);
}

/** @throws NnMeterError E_RUNNER if of a node that ran it is not known what it computes */
export function requireTold(groups: readonly OptimisedGroup[]): readonly OptimisedGroup[] {
  const untold = groups.find(({ nodes }) => nodes.length === 0);
  if (untold === undefined) return groups;
  throw new NnMeterError(
    'E_RUNNER',
    `ONNX Runtime does not tell what its node ${quote(untold.optimised[0]!)} is in the model`,
    { hint: 'take another model, or onnxruntime-node, which writes optimised models' },
  );
}

/** The groups of which it is known what they compute. */
export function fusionsOf(groups: readonly OptimisedGroup[]): readonly FusedNode[] {
  return groups.filter(({ nodes }) => nodes.length > 0).map(({ op, nodes }) => ({ op, nodes }));
}

/** @throws NnMeterError E_RUNNER if the profile lacks a node */
export function layersOf(
  groups: readonly OptimisedGroup[],
  profiled: readonly ProfiledNode[],
): readonly LayerTime[] {
  const times = new Map(profiled.map(({ name, ms }) => [name, ms]));
  return groups.map(({ op, nodes, optimised }) => {
    let ms = 0;
    for (const name of optimised) {
      const time = times.get(name);
      if (time === undefined) {
        throw new NnMeterError('E_RUNNER', `the profile of ONNX Runtime lacks node ${quote(name)}`);
      }
      ms += time;
    }
    return { name: optimised.join(' '), op, ms, ...(nodes.length > 0 && { nodes }) };
  });
}
