// Run in a package: writes its version into src/generated/version.ts, for programs in which its package.json cannot be
// looked up.
import { json, writeGenerated } from './devices.mjs';

const { version } = json('package.json');
writeGenerated(
  'src/generated/version.ts',
  'package.json',
  `/** Of this package. */\nexport const version = '${version}';\n`,
);
