// Run in a predictor package: turns device.json, rules.json, weights.bin and manifest.json into the plugin's code, so
// that it needs no file access at run time.
import { readFileSync } from 'node:fs';
import { json, writeGenerated } from './devices.mjs';

const { name, aliases, version, device } = json('device.json');
const text = (value) => JSON.stringify(value, null, 2);
/** The shortest name, under which the definition is exported besides the default, if JavaScript allows it. */
const constant = /^[a-z]\w*$/i.test(aliases.at(-1) ?? '') ? aliases.at(-1) : 'definition';

writeGenerated(
  'src/generated/index.ts',
  'device.json, rules.json, weights.bin and manifest.json',
  `import type { PredictorDefinition } from '@nnmeter/predictor';

/** ${device.product}, ${device.processor}, ${device.framework}. */
export const ${constant}: PredictorDefinition = {
  name: ${text(name)},
  aliases: ${text(aliases)},
  version: ${text(version)},
  device: ${text(device)},
  fusionRules: ${text(json('rules.json'))},
  weights:
    '${readFileSync('weights.bin').toString('base64')}',
  manifest: ${text(json('manifest.json'))},
};

export default ${constant};
`,
);
