import { describe } from '@jest/globals';
import { writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { benchFamilies, buildBenchModel } from '@nnmeter/zoo';
import type { BenchGraph } from '../../../tests/support/shared.ts';
import { testNetworks } from './support/network-tests.ts';

const families = benchFamilies().map(({ name }) => name);

describe.each(families)('%s of the benchmark as the zoo builds it', (family) => {
  testNetworks(async () => [writeNnMeterIr(buildBenchModel(family)) as BenchGraph]);
});
