import { readFileSync } from 'node:fs';
import { describe, expect } from '@jest/globals';
import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { graphCost } from '@nnmeter/ir';
import {
  datasetFiles,
  hasShared,
  readDataset,
  sharedPath,
  sharedTest,
} from '../../../tests/support/shared.ts';
import { testNetworks } from './support/network-tests.ts';

(hasShared ? describe : describe.skip).each([...datasetFiles])('%s of the benchmark', (family) => {
  testNetworks(async () => (await readDataset(family, 6)).map(({ graph }) => graph));
});

sharedTest('MACs equal those the benchmark states for its first networks', async () => {
  const facts: Record<string, { flops_first: Record<string, number> }> = JSON.parse(
    readFileSync(sharedPath('facts/bench_families.json'), 'utf8'),
  );
  const stated = new Map(
    Object.values(facts).flatMap((family) => Object.entries(family.flops_first)),
  );
  const first = await Promise.all(datasetFiles.map((file) => readDataset(file, 2)));
  const compared = first
    .flat()
    .filter(({ id }) => stated.has(id))
    .map(({ id, graph }) => [id, graphCost(readNnMeterIr(graph)).macs]);
  expect(compared.length).toBeGreaterThanOrEqual(20);
  expect(compared).toEqual(compared.map(([id]) => [id, stated.get(id as string)]));
});
