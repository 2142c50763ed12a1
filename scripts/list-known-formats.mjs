// Run in packages/predictor: lists the formats that packages of this repository read, so that it can name those that are
// not installed.
import { existsSync, readdirSync } from 'node:fs';
import { json, writeGenerated } from './devices.mjs';

const known = readdirSync('..')
  .filter((name) => existsSync(`../${name}/package.json`))
  .map((name) => json(`../${name}/package.json`))
  .filter(({ keywords }) => keywords?.includes('nnmeter-frontend'))
  .map(({ name, nnmeter: { option, ...facts } }) => ({ package: name, ...facts }));
writeGenerated(
  'src/generated/known-formats.ts',
  'packages/*/package.json',
  `export default ${JSON.stringify(known, null, 2)};\n`,
);
