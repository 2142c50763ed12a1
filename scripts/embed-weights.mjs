// Run in a predictor package: turns weights.bin, manifest.json and rules.json into src/generated/data.ts, so that the
// plugin needs no file access at run time. Files not written yet (before the first training) are left empty.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const weights = existsSync('weights.bin') ? readFileSync('weights.bin').toString('base64') : '';
const untrained = {
  trainedOn: 'nothing yet',
  codeVersion: '',
  dataHash: '',
  models: 0,
  date: '',
  heldOut: {
    count: 0,
    rmse: 0,
    rmspe: 0,
    mape: 0,
    bias: 0,
    within5: 0,
    within10: 0,
    within15: 0,
  },
};
const json = (path, otherwise) =>
  JSON.stringify(existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : otherwise, null, 2);

const source = `import type { PredictorDefinition } from '@nnmeter/predictor';

export const weights = '${weights}';

export const manifest: PredictorDefinition['manifest'] = ${json('manifest.json', untrained)};

export const fusionRules: PredictorDefinition['fusionRules'] = ${json('rules.json', { fuse: {} })};
`;
const target = 'src/generated/data.ts';
mkdirSync('src/generated', { recursive: true });
if (!existsSync(target) || readFileSync(target, 'utf8') !== source) writeFileSync(target, source);
