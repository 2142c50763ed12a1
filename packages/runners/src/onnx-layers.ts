import { type Graph, NnMeterError, quote } from '@nnmeter/ir';
import { type OnnxFile, readOnnxFile } from './onnx-file.ts';
import { type OnnxMeasureOptions, type OnnxRuntime, runProfiled } from './onnx-session.ts';
import { groupOptimised, type OptimisedGroup } from './optimised-nodes.ts';
import { type ProfiledNode, readProfile } from './profile.ts';
import type { LayerTime } from './runner.ts';

/**
 * Measures the layers of an ONNX model in this process with onnxruntime-web, which prints its profile with the
 * `console.log` that there was when its first session was made.
 * @param runtime the module `onnxruntime-web`
 * @param bytes the model; names of nodes and tensors in it are those of the graph
 * @param takePrinted the text that was printed since it was last called, lines ended by line feeds
 * @throws NnMeterError E_RUNNER if the runtime refuses the model, or prints no profile
 */
export async function measureOnnxLayers(
  runtime: OnnxRuntime,
  bytes: Uint8Array,
  graph: Graph,
  options: OnnxMeasureOptions,
  takePrinted: () => string,
): Promise<readonly LayerTime[]> {
  takePrinted();
  await runProfiled(runtime, bytes, options, {});
  const nodes = readProfile(takePrinted(), options);
  return layersOf(groupProfiled(graph, await readOnnxFile(bytes), nodes), nodes);
}

/** What is fused, as the names of the nodes that ran say. */
export function groupProfiled(
  graph: Graph,
  model: OnnxFile,
  profiled: readonly ProfiledNode[],
): readonly OptimisedGroup[] {
  const run = profiled.map(({ name, opType }) => ({ name, opType, inputs: [], outputs: [] }));
  return groupOptimised(graph, model.nodes, run);
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
