import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { readOnnxFile } from '@nnmeter/frontend-onnx';
import type { Graph } from '@nnmeter/ir';
import { buildDatasetModel, buildModel, type FamilyConfiguration } from '@nnmeter/zoo';
import { datasetFiles, readDataset, sharedPath } from '../../../../tests/support/shared.ts';
import { readFixture } from './fixtures.ts';

/** A network that nn-Meter 2.0 was run on. */
interface ParityGraph {
  /** Of a network of the benchmark, read off its graph; networks without one are torchvision's. */
  readonly configuration?: FamilyConfiguration;
  /** By device, the digest of the kernels that nn-Meter found. */
  readonly kernels: Readonly<Record<string, string>>;
}

const { about: _, ...graphs } = readFixture<Record<string, ParityGraph> & { about: unknown }>(
  'parity-graphs.json',
);
export const parityGraphs: Readonly<Record<string, ParityGraph>> = graphs;

/** The network as the zoo builds it, node for node the one that nn-Meter read. */
export function rebuiltGraph(name: string): Graph {
  const { configuration } = parityGraphs[name]!;
  if (configuration === undefined) return buildModel(name);
  return buildDatasetModel(name.replace(/_\d+$/, ''), configuration);
}

/** The network in the file that nn-Meter read. */
export async function graphInFile(name: string): Promise<Graph> {
  if (parityGraphs[name]!.configuration === undefined)
    return readOnnxFile(sharedPath(`models/onnx/${name}.onnx`));
  const file = datasetFiles.find((family) => name.startsWith(family))!;
  const [found] = await readDataset(file, 1, (id) => id === name);
  return readNnMeterIr(found!.graph, { name });
}
