import type { JournalHeader } from '@nnmeter/builder';

export const HEADER: JournalHeader = {
  format: 'nnmeter-build',
  version: 1,
  name: 'invented',
  seed: 1,
  plan: '0123',
  runner: 'invented',
  facts: { runtime: 'invented-runtime', version: '1.0', time: 'cpu' },
};
