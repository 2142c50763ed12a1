// Run in packages/predictor: lists the published plugins, so that it can name those that are not installed.
import { readDevices, writeGenerated } from './devices.mjs';

const known = readDevices().map(({ name, aliases, device, package: packageName }) => ({
  name,
  aliases,
  product: device.product,
  package: packageName,
}));
writeGenerated(
  'src/generated/known-predictors.ts',
  'predictors/*/device.json',
  `export default ${JSON.stringify(known, null, 2)};\n`,
);
