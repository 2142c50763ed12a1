// Run in a frontend package: writes what its package.json says of its format into src/generated/facts.ts, for programs
// in which packages cannot be looked up.
import { json, writeGenerated } from './devices.mjs';

const { nnmeter } = json('package.json');
writeGenerated(
  'src/generated/facts.ts',
  'package.json',
  `import type { FormatFacts } from '@nnmeter/model-source';

export const facts: FormatFacts = ${JSON.stringify(nnmeter, null, 2)};
`,
);
