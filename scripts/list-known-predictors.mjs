// Run in packages/predictor: lists the published plugins, so that it can name those that are not installed.
import { join } from 'node:path';
import { json, learnedDevices, PREDICTORS, readDevices, writeGenerated } from './devices.mjs';

const learnedPackage = json(join(PREDICTORS, 'learned/package.json')).name;
const learned = learnedDevices().map((device) => ({ ...device, package: learnedPackage }));
const known = [...readDevices(), ...learned].map(
  ({ name, aliases, device, package: packageName, accuracy }) => ({
    name,
    aliases,
    product: device.product,
    package: packageName,
    ...(accuracy && { accuracy }),
  }),
);
writeGenerated(
  'src/generated/known-predictors.ts',
  'predictors/**/device.json',
  `export default ${JSON.stringify(known, null, 2)} as const;\n`,
);
