// Run in packages/nn-meter-predictors: lists what nn-Meter's authors published for the devices of this repository.
import { readDevices, writeGenerated } from './devices.mjs';

const releases = readDevices()
  .filter(({ nnMeter }) => nnMeter !== undefined)
  .map(({ name, aliases, device, nnMeter }) => ({ name, aliases, device, ...nnMeter }));
writeGenerated(
  'src/generated/releases.ts',
  'predictors/*/device.json',
  `export default ${JSON.stringify(releases, null, 2)} as const;\n`,
);
