import { describe } from '@jest/globals';
import { writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { buildDatasetModel, datasetFamilies } from '@nnmeter/zoo';
import type { DatasetGraph } from '../../../tests/support/shared.ts';
import { testNetworks } from './support/network-tests.ts';

const families = datasetFamilies().map(({ name }) => name);

describe.each(families)('%s of the benchmark as the zoo builds it', (family) => {
  testNetworks(async () => [writeNnMeterIr(buildDatasetModel(family)) as DatasetGraph]);
});
