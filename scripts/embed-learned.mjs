// Run in predictors/learned: turns each device's files into a module of its own, so that only what is asked for is loaded.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { json, LEARNED, learnedDevices, rulesOf, writeGenerated } from './devices.mjs';

const SOURCES = 'devices/*/{device,settings,manifest}.json, weights.bin';
const devices = learnedDevices();
for (const { folder, name, aliases, version, device, accuracy, learnedFrom } of devices) {
  const file = (name) => join(LEARNED, folder, name);
  const { notShipped: _, ...manifest } = json(file('manifest.json'));
  const definition = {
    name,
    aliases,
    version,
    device,
    accuracy,
    fusionRules: rulesOf(learnedFrom),
    weights: readFileSync(file('weights.bin')).toString('base64'),
    settings: json(file('settings.json')).map(withoutFamilies),
    manifest,
  };
  const text = JSON.stringify(JSON.stringify(definition)).replaceAll("'", String.raw`\u0027`);
  writeGenerated(
    `src/generated/${folder}.ts`,
    SOURCES,
    `import type { PredictorDefinition } from '@nnmeter/predictor';

/** ${device.product}, ${device.processor}, ${device.framework}. */
const definition: PredictorDefinition = JSON.parse(
  ${text},
);

export default definition;
`,
  );
}
const rows = devices.map(
  ({ folder, name }) =>
    `  ${JSON.stringify(name)}: () => import('./${folder}.ts').then((module) => module.default),\n`,
);
writeGenerated(
  'src/generated/index.ts',
  SOURCES,
  `import type { PredictorDefinition } from '@nnmeter/predictor';

/** The definitions by the names of the predictors; each is a module of its own, and is loaded when asked for. */
const definitions: Readonly<Record<string, () => Promise<PredictorDefinition>>> = {
${rows.join('')}};

export default definitions;
`,
);

/** The figures of single families are for docs/accuracy.md. */
function withoutFamilies({ learned: { unseenFamilies: _, ...learned }, ...setting }) {
  return { ...setting, learned };
}
