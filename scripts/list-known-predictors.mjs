// Run in packages/predictor: lists the published plugins, so that it can name those that are not installed.
import { join } from 'node:path';
import {
  json,
  LEARNED,
  learnedDevices,
  PREDICTORS,
  readDevices,
  writeGenerated,
} from './devices.mjs';

const learnedPackage = json(join(PREDICTORS, 'learned/package.json')).name;
const learned = learnedDevices().map((device) => ({
  ...device,
  package: learnedPackage,
  settings: json(join(LEARNED, device.folder, 'settings.json')).map(
    ({ precision, cores, learned: { unseen } }) => ({
      precision,
      cores,
      within10: unseen.within10,
    }),
  ),
}));
const known = [...readDevices(), ...learned].map(
  ({ name, aliases, device, package: packageName, accuracy, settings }) => ({
    name,
    aliases,
    product: device.product,
    package: packageName,
    ...(accuracy && { accuracy }),
    ...(settings && { settings }),
  }),
);
writeGenerated(
  'src/generated/known-predictors.ts',
  'predictors/**/{device,settings}.json',
  `export default ${JSON.stringify(known, null, 2)} as const;\n`,
);
